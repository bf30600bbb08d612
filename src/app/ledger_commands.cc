#include "app/ledger_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "api/ledger_export.h"
#include "app/corrector.h"
#include "app/failed.h"
#include "app/local_client.h"
#include "journal/data_dir_lock.h"
#include "journal/file_system.h"
#include "ledger/reconcile.h"
#include "model/json_writer.h"
#include "model/receipt_json.h"

namespace kairos::app {
namespace {

Result<std::string> read_export(const std::string& file) {
  constexpr std::streamoff kMost = 256 * 1024 * 1024;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return fail(Code::kIo, fmt::format("{}: cannot be opened; check that it exists and may be read", file));
  if (in.tellg() > kMost)
    return fail(Code::kTooLarge, fmt::format("{}: is over {} bytes; export a shorter time", file, kMost));
  in.seekg(0);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Our side: the attempts at the provider as they stand now, and which receipt each is of.
struct Ours {
  std::vector<model::Receipt> receipts; // id and attempts only
  std::map<std::string, size_t, std::less<>> by_id;
  std::map<std::string, journal::Position, std::less<>> closed; // by receipt id
  std::map<std::string, std::string, std::less<>> by_response;  // response id → receipt id

  void take(model::Receipt receipt, const journal::Position* at, const std::string& provider) {
    std::erase_if(receipt.attempts, [&](const model::Attempt& one) { return one.provider != provider; });
    if (receipt.attempts.empty()) return;
    model::Receipt kept;
    kept.receipt_id = receipt.receipt_id;
    kept.attempts = std::move(receipt.attempts);
    for (const model::Attempt& one : kept.attempts) {
      if (!one.response_id.empty()) by_response.emplace(one.response_id, kept.receipt_id);
    }
    if (at != nullptr) closed.emplace(kept.receipt_id, *at);
    const auto [place, made] = by_id.emplace(kept.receipt_id, receipts.size());
    if (made) receipts.emplace_back();
    receipts[place->second] = std::move(kept);
  }
};

Result<Ours> read_ours(const std::shared_ptr<journal::Reader>& reader, const std::string& provider) {
  Ours ours;
  journal::Cursor cursor(reader);
  journal::Entry entry;
  while (true) {
    const auto more = cursor.next(entry);
    if (!more) return std::unexpected(more.error());
    if (!*more) return ours;
    if (!journal::is_chained(entry.kind) || entry.erased) continue;
    if (entry.kind == journal::Kind::kCorrection) {
      auto correction = ledger::correction_from_json(entry.payload);
      if (!correction) return std::unexpected(correction.error());
      ours.take(std::move(correction->after), nullptr, provider);
      continue;
    }
    auto receipt = model::receipt_from_json(entry.payload);
    if (!receipt) return std::unexpected(receipt.error());
    ours.take(std::move(*receipt), &entry.position, provider);
  }
}

using Correct = std::function<Result<>(const std::string& receipt_id, const ledger::AttemptTruth& truth,
                                       const std::string& reason)>;

std::string correction_body(const ledger::AttemptTruth& truth, const std::string& reason) {
  std::string body;
  model::JsonWriter json(body);
  json.begin_object();
  json.key("response_id").string(truth.response_id);
  json.key("reason").string(reason);
  if (truth.cost) json.key("cost_usd").string(usd(*truth.cost));
  if (truth.tokens) {
    const auto count = [&](std::string_view key, Int128 value) {
      json.key(key).integer(static_cast<std::int64_t>(value));
    };
    json.key("usage").begin_object();
    count("input_tokens", truth.tokens->input);
    count("cache_read_tokens", truth.tokens->cache_read);
    count("cache_write_tokens", truth.tokens->cache_write);
    count("output_tokens", truth.tokens->output);
    json.end_object();
  }
  json.end_object();
  return body;
}

/// By the server that holds the folder.
Correct correct_by_server(const std::string& data_dir) {
  return [data_dir](const std::string& receipt_id, const ledger::AttemptTruth& truth,
                    const std::string& reason) -> Result<> {
    const auto answer =
        ask_server(data_dir, "POST", "/api/v1/receipts/" + receipt_id + "/corrections", correction_body(truth, reason));
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 201) return {};
    return fail(answer->status == 409 ? Code::kConflict : Code::kIo, answer->body);
  };
}

/// A folder that no server holds, opened for writing.
struct OpenFolder {
  explicit OpenFolder(journal::DataDirLock held) : lock(std::move(held)) {}
  journal::DataDirLock lock;
  journal::PosixFileSystem files;
  SystemClock clock;
  std::unique_ptr<journal::Writer> writer;
  std::unique_ptr<ledger::Projection> books;
  std::unique_ptr<Corrector> corrector;
};

Result<std::shared_ptr<OpenFolder>> open_folder(journal::DataDirLock lock, const std::string& data_dir) {
  auto folder = std::make_shared<OpenFolder>(std::move(lock));
  const auto recovered = journal::recover(folder->files, data_dir, {});
  if (!recovered) return std::unexpected(recovered.error());
  journal::WriterOptions options;
  options.data_dir = data_dir;
  auto writer = journal::Writer::start(folder->files, options, *recovered);
  if (!writer) return std::unexpected(writer.error());
  folder->writer = std::move(*writer);
  auto books = ledger::Projection::open(folder->files, data_dir, folder->writer->reader());
  if (!books) return std::unexpected(books.error());
  folder->books = std::move(*books);
  folder->books->start();
  // Which budgets count what is charged stands in the configuration, which this command is not given; make_correction
  // leaves a charge alone that is not the cost.
  folder->corrector = std::make_unique<Corrector>(Corrector::Parts{*folder->writer, *folder->books, folder->clock,
                                                                   [] { return ledger::BudgetIds(); },
                                                                   [](const ledger::Correction&) {}});
  return folder;
}

Result<Correct> way_to_correct(const std::string& data_dir, const Ours& ours) {
  auto lock = journal::DataDirLock::acquire(data_dir);
  if (!lock) return correct_by_server(data_dir);
  auto folder = open_folder(std::move(*lock), data_dir);
  if (!folder) return std::unexpected(folder.error());
  return [folder = *folder, &ours](const std::string& receipt_id, const ledger::AttemptTruth& truth,
                                   const std::string& reason) -> Result<> {
    const auto done = folder->corrector->correct(ours.closed.find(receipt_id)->second, truth, reason + " (local)");
    return done ? Result<>() : std::unexpected(done.error());
  };
}

std::optional<Picodollars> amount_of(const std::optional<PicoSum>& sum) {
  if (!sum || *sum < 0 || *sum > INT64_MAX) return std::nullopt;
  return Picodollars(static_cast<std::int64_t>(*sum));
}

/// Corrects each receipt that drifts and is known by its request id. False: some could not be.
bool apply(const ledger::ReconcileReport& report, const Ours& ours, const Correct& correct, const std::string& reason) {
  size_t corrected = 0;
  size_t left = 0;
  for (const ledger::ReconcileLine& line : report.drifting) {
    const auto receipt = line.request_id.empty() ? ours.by_response.end() : ours.by_response.find(line.request_id);
    if (receipt == ours.by_response.end() || line.our_requests != 1 || line.their_rows != 1) {
      ++left; // an aggregate, or two rows that say different things: no telling which is wrong
      continue;
    }
    const auto done = correct(receipt->second, {line.request_id, line.theirs, amount_of(line.their_cost)}, reason);
    corrected += done ? 1 : 0;
    if (done || done.error().code == Code::kConflict) continue;
    ++left;
    fmt::print(stderr, "kairosroute: {}: {}\n", receipt->second, done.error().message);
  }
  fmt::print("corrected {} receipts, {} drifting lines left\n", corrected, left);
  return left == 0;
}

} // namespace

void tell_dropped(const journal::Reader& reader, std::string_view what) {
  if (const auto begin = ledger::dropped_until(reader))
    fmt::print(stderr, "kairosroute: {}; {}\n", ledger::dropped_text(*begin), what);
}

int print_ledger(const std::string& data_dir, const std::string& format, const std::string& grain) {
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  api::LedgerRequest request;
  request.format = format == "focus" ? api::LedgerFormat::kFocus : api::LedgerFormat::kCsv;
  if (!model::parse_name(ledger::kGrainNames, grain, request.grain))
    return failed({Code::kInvalid, fmt::format("--grain {}: must be hour, day or receipt", grain)});
  request.may_lack_dropped = true;
  if (request.grain == ledger::Grain::kReceipt) tell_dropped(**reader, "receipts of before are left out");
  api::LedgerExport rows(*reader, request, [&] { return ledger::needed_base(files, data_dir, *reader); });
  while (true) {
    const auto piece = rows.next();
    if (!piece) return failed(piece.error());
    if (!*piece) return 0;
    fmt::print("{}", **piece);
  }
}

int reconcile(const std::string& data_dir, const std::string& provider, const std::string& file, bool apply_it) {
  const auto text = read_export(file);
  if (!text) return failed(text.error());
  const auto kind = provider == "openai" ? ledger::ExportProvider::kOpenAi : ledger::ExportProvider::kAnthropic;
  const auto theirs = ledger::parse_usage_export(kind, *text);
  if (!theirs) return failed({theirs.error().code, fmt::format("{}: {}", file, theirs.error().message)});
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  tell_dropped(**reader, "what the provider's export has of before finds no receipt");
  const auto ours = read_ours(*reader, provider);
  if (!ours) return failed(ours.error());
  const ledger::ReconcileReport report = ledger::reconcile(*theirs, ours->receipts, {provider, {}});
  fmt::print("{}", ledger::to_text(report));
  bool settled = report.drifting.empty();
  if (apply_it && !settled) {
    const auto correct = way_to_correct(data_dir, *ours);
    if (!correct) return failed(correct.error());
    settled = apply(report, *ours, *correct,
                    fmt::format("{} usage export {}", provider, std::filesystem::path(file).filename().string()));
  }
  return settled && report.only_theirs.empty() && report.only_ours.empty() ? 0 : 1;
}

} // namespace kairos::app
