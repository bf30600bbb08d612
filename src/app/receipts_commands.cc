#include "app/receipts_commands.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>

#include "app/api_client.h"
#include "app/failed.h"
#include "app/ledger_commands.h"
#include "base/hex.h"
#include "journal/reader.h"
#include "ledger/journal_base.h"
#include "model/receipt_json.h"
#include "net/sse.h"

namespace kairos::app {
namespace {

constexpr std::int64_t kPage = 500;

std::string entry_text(const journal::Entry& entry) {
  return model::with_integrity(entry.payload, {entry.sequence, to_hex(entry.prev_hash), to_hex(entry.hash)});
}

/// The closed receipts of a data folder, oldest first: all, or the one with this id.
int print_receipts(const std::string& data_dir, const std::string& only) {
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  const auto wanted = parse_receipt_id(only);
  if (!only.empty() && !wanted)
    return failed({Code::kInvalid, fmt::format("'{}' is not a receipt id like rcpt_01JKEZ4F9T8QX2M7RA11111111", only)});
  if (only.empty()) tell_dropped(**reader, "receipts of before are left out");
  journal::Cursor cursor(*reader);
  journal::Entry entry;
  bool found = only.empty();
  while (true) {
    const auto more = cursor.next(entry);
    if (!more) return failed(more.error());
    if (!*more) break;
    if (entry.kind != journal::Kind::kClose || entry.erased || (wanted && entry.receipt != *wanted)) continue;
    found = true;
    fmt::print("{}\n", entry_text(entry));
  }
  if (found) return 0;
  if (const auto begin = ledger::dropped_until(**reader); begin && wanted->time() < begin->time)
    return failed({Code::kNotFound, fmt::format("receipt {} is from {}, and {}: the receipt is not kept any more; what "
                                                "the views and search have of it stays",
                                                only, to_rfc3339(wanted->time()), ledger::dropped_text(*begin))});
  return failed({Code::kNotFound, fmt::format("there is no receipt {} in {}", only, data_dir)});
}

/// One page of a search: prints its rows; where the next one begins, empty at the end.
Result<std::string> print_page(const std::string& body, std::int64_t& left) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array rows;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || root["receipts"].get(rows) != simdjson::SUCCESS) {
    return fail(Code::kUpstream, "the server's answer is not a list of receipts");
  }
  for (const simdjson::dom::element row : rows) {
    fmt::print("{}\n", simdjson::to_string(row));
    --left;
  }
  std::string_view next;
  if (root["next"].get(next) != simdjson::SUCCESS) return std::string();
  return std::string(next);
}

int search(ApiClient client, std::vector<std::string> filters, std::int64_t limit) {
  std::string cursor;
  for (std::int64_t left = limit; left > 0;) {
    std::vector<std::string> all = filters;
    all.push_back(fmt::format("limit={}", std::min(left, kPage)));
    if (!cursor.empty()) all.push_back("cursor=" + cursor);
    const auto query = query_of(all);
    if (!query) return failed(query.error());
    const auto body = client.get("/api/v1/receipts?" + *query);
    if (!body) return failed(body.error());
    auto next = print_page(*body, left);
    if (!next) return failed(next.error());
    if (next->empty()) break;
    cursor = std::move(*next);
  }
  return 0;
}

int tail(ApiClient client, const std::vector<std::string>& filters) {
  const auto query = query_of(filters);
  if (!query) return failed(query.error());
  net::SseReader events;
  const auto ended = client.stream("/api/v1/receipts/live?" + *query, [&](std::string_view piece) {
    if (!events.feed(piece)) return false;
    while (const auto event = events.next()) {
      if (event->event == "receipt") fmt::print("{}\n", event->data);
      if (event->event == "gap")
        fmt::print(stderr, "kairosroute: receipts were left out here, this reader was too slow: {}\n", event->data);
    }
    return std::fflush(stdout) == 0; // a closed pipe ends it
  });
  if (!ended) return failed(ended.error());
  return failed({Code::kUpstream, "the server has ended the stream"});
}

} // namespace

struct ReceiptsCommands::Impl {
  std::string data_dir = "./data";
  std::string server;
  std::string id;
  std::string format = "jsonl";
  std::string grain = "receipt";
  std::vector<std::string> filters;
  std::int64_t limit = 50;
  CLI::App* get = nullptr;
  CLI::App* everything = nullptr;
  CLI::App* searching = nullptr;
  CLI::App* tailing = nullptr;

  Result<ApiClient> client() const {
    return server.empty() ? ApiClient::of_folder(data_dir) : ApiClient::of_url(server);
  }
};

ReceiptsCommands::ReceiptsCommands(CLI::App& app) : impl_(std::make_unique<Impl>()) {
  CLI::App* receipts = app.add_subcommand("receipts", "receipts, one JSON object a line");
  receipts->require_subcommand(1);
  receipts->add_option("--data-dir", impl_->data_dir, "data folder")->capture_default_str();
  receipts->add_option("--server", impl_->server,
                       "for search and tail: address of a server elsewhere; its key is in KAIROSROUTE_KEY");
  impl_->get = receipts->add_subcommand("get", "one receipt, whole");
  impl_->get->add_option("ID", impl_->id, "receipt id")->required();
  const char* filters = "filters as in GET /api/v1/receipts: tenant=acme status=error,refused model='!gpt-4o' "
                        "min_cost=0.01 tags.team=search";
  impl_->searching = receipts->add_subcommand("search", "those that match, newest first");
  impl_->searching->add_option("FILTER", impl_->filters, filters);
  impl_->searching->add_option("--limit", impl_->limit, "at most so many")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}))
      ->capture_default_str();
  impl_->tailing = receipts->add_subcommand("tail", "as they close, until interrupted");
  impl_->tailing->add_option("FILTER", impl_->filters, filters);
  impl_->everything = receipts->add_subcommand("export", "all of a data folder, oldest first");
  impl_->everything->add_option("--format", impl_->format, "jsonl: receipts; csv, focus: ledger rows")
      ->check(CLI::IsMember({"jsonl", "csv", "focus"}))
      ->capture_default_str();
  impl_->everything->add_option("--grain", impl_->grain, "of csv and focus")
      ->check(CLI::IsMember({"hour", "day", "receipt"}))
      ->capture_default_str();
}

ReceiptsCommands::~ReceiptsCommands() = default;

std::optional<int> ReceiptsCommands::run() {
  if (*impl_->get) return print_receipts(impl_->data_dir, impl_->id);
  if (*impl_->everything)
    return impl_->format == "jsonl" ? print_receipts(impl_->data_dir, "")
                                    : print_ledger(impl_->data_dir, impl_->format, impl_->grain);
  if (!*impl_->searching && !*impl_->tailing) return std::nullopt;
  auto client = impl_->client();
  if (!client) return failed(client.error());
  if (*impl_->searching) return search(std::move(*client), impl_->filters, impl_->limit);
  return tail(std::move(*client), impl_->filters);
}

} // namespace kairos::app
