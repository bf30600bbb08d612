#include "app/verify_command.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "api/verification.h"
#include "app/failed.h"
#include "app/local_client.h"
#include "journal/data_dir_lock.h"
#include "ledger/projection.h"
#include "store/duckdb/duckdb_store.h"
#include "store/journal_source.h"
#include "store/loader.h"

namespace kairos::app {
namespace {

namespace json = boost::json;

/// The report, as it came from here or from the server.
int print_report(std::string_view text) {
  json::error_code wrong;
  const json::value value = json::parse({text.data(), text.size()}, wrong);
  const json::object* report = wrong ? nullptr : value.if_object();
  if (report == nullptr || !report->contains("ok") || !report->contains("journal"))
    return failed({Code::kIo, fmt::format("this is no report: {}", text.substr(0, 500))});
  const auto said = [](const json::object& of, std::string_view name) {
    const json::value& field = of.at({name.data(), name.size()});
    return field.is_string() ? std::string(field.get_string()) : json::serialize(field);
  };
  const json::object& journal = report->at("journal").as_object();
  const json::array& problems = report->at("problems").as_array();
  const bool ok = report->at("ok").as_bool();
  fmt::print("journal: {} segments, {} records, sequence {} to {}, {} problems\n", said(journal, "segments"),
             said(journal, "records"), said(journal, "first_sequence"), said(journal, "last_sequence"),
             said(journal, "problems"));
  if (const json::value* dropped = report->if_contains("dropped"); dropped != nullptr && dropped->is_object()) {
    const json::object& part = dropped->as_object();
    fmt::print("dropped: up to sequence {}; the journal begins at {}. By its checkpoint: {} receipts, {} USD, {}\n",
               said(part, "last_sequence"), said(part, "begins_at"), said(part, "receipts"), said(part, "cost_usd"),
               part.at("in_store").is_null()   ? "not compared with the store, since receipts came in"
               : part.at("in_store").as_bool() ? "equal to the store"
                                               : "which the store has no longer either");
  }
  for (const json::value& one : problems) fmt::print("  {}\n", std::string_view(one.as_string()));
  if (!ok) return 1;
  fmt::print("store: {} receipts, {} USD, equal to the journal\n", said(*report, "receipts"),
             said(*report, "cost_usd"));
  const std::string sequence = said(*report, "ledger_sequence");
  if (sequence == "0") fmt::print("ledger: none is saved, nothing to compare\n");
  if (sequence != "0") fmt::print("ledger and budgets: up to sequence {}, equal to the receipts\n", sequence);
  if (said(*report, "corrections") != "0")
    fmt::print("corrections: {}, {} USD, in ledger and budgets\n", said(*report, "corrections"),
               said(*report, "corrected_usd"));
  return 0;
}

int verify_by_server(const std::string& data_dir) {
  const auto answer = ask_server(data_dir, "POST", "/api/v1/verify", "");
  if (!answer) return failed(answer.error());
  if (answer->status != 200)
    return failed({Code::kIo, fmt::format("the server answered {}: {}", answer->status, answer->body)});
  return print_report(answer->body);
}

} // namespace

Result<std::unique_ptr<store::ReceiptStore>>
loaded_store(const std::string& data_dir, const std::shared_ptr<const journal::Reader>& reader, std::uint64_t last) {
  auto opened = store::open_duckdb({std::filesystem::path(data_dir) / store::kStoreFile});
  if (!opened) return opened;
  const SystemClock clock;
  const store::JournalPlace end{reader->end().segment, reader->end().offset};
  const store::Loader loader(**opened, store::follow_journal(reader), clock);
  while ((*opened)->mark().sequence < last &&
         (*opened)->mark().next < end) { // corrections have sequences too, and no row
    const store::LoaderState state = loader.state();
    if (!state.last_error.empty()) return fail(Code::kIo, state.last_error);
    std::this_thread::sleep_for(std::chrono::milliseconds(10)); // the loader is another thread; its mark is what counts
  }
  return opened;
}

int verify(const std::string& data_dir) {
  if (!std::filesystem::exists(std::filesystem::path(data_dir) / "journal"))
    return failed({Code::kNotFound, data_dir + ": there is no journal in it; name the data folder"});
  const auto lock = journal::DataDirLock::acquire(data_dir);
  if (!lock) return verify_by_server(data_dir);
  journal::PosixFileSystem files;
  const auto report = journal::verify(files, data_dir);
  if (!report) return failed(report.error());
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  auto opened = loaded_store(data_dir, *reader, report->ok() ? report->last_sequence : 0);
  if (!opened) return failed(opened.error());
  auto books = ledger::load_books(files, data_dir);
  const bool damaged = !books && books.error().code != Code::kNotFound;
  auto base = ledger::needed_base(files, data_dir, *reader);
  if (!base && base.error().code != Code::kCorrupt) return failed(base.error());
  auto verified = api::verify_money(*reader, **opened, books ? std::optional(std::move(*books)) : std::nullopt,
                                    base ? std::move(*base) : std::nullopt);
  if (!verified) return failed(verified.error());
  if (!base) verified->problems.push_back(base.error().message);
  if (damaged) verified->problems.push_back(books.error().message + "; a start of the server makes it anew");
  return print_report(api::to_json(*report, *verified));
}

} // namespace kairos::app
