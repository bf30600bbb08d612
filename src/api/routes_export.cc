// Streamed tables: GET /api/v1/export (any view's panel, or a search, as CSV) and GET /api/v1/ledger. A worker makes
// one piece at a time, behind what people wait for; the first one is made before the answer begins, so that what is
// wrong gets an error, and what fails later breaks the connection instead of looking complete.
#include <fmt/format.h>

#include "api/api.h"
#include "api/charged_view.h"
#include "api/ledger_export.h"
#include "api/search_params.h"
#include "api/work_pool.h"
#include "ledger/csv.h"
#include "store/query_json.h"
#include "store/views.h"

namespace kairos::api {
namespace {

using Piece = Result<std::optional<std::string>>;
using Source = std::function<Piece()>;

struct Download {
  std::string content_type = "text/csv; charset=utf-8; header=present";
  std::string file_name;
  Source source;
};

net::Task<Piece> next_piece(const ApiContext& context, net::Exchange& exchange, const Source& source) {
  std::function<std::optional<Piece>()> make = [&source] { return std::optional<Piece>(source()); };
  std::optional<Piece> busy = fail(Code::kCancelled, "too many exports at once; try again in a moment");
  auto waiting = on_worker<std::optional<Piece>>(context.pool, exchange.executor(), Urgency::kExport, std::move(make),
                                                 std::move(busy));
  auto piece = co_await std::move(waiting);
  co_return std::move(*piece);
}

net::Task<void> send(const ApiContext& context, net::Exchange& exchange, Download download) {
  auto piece = co_await next_piece(context, exchange, download.source);
  if (!piece) {
    const Answer refused = problem(piece.error());
    co_await respond(exchange, refused);
    co_return;
  }
  const std::string disposition = fmt::format("attachment; filename=\"{}\"", download.file_name);
  const net::ResponseHeaders headers = {{"Content-Type", download.content_type},
                                        {"Content-Disposition", disposition},
                                        {"Cache-Control", "no-store"},
                                        {"X-Content-Type-Options", "nosniff"}};
  if (!co_await exchange.start_stream(200, headers, "")) co_return;
  while (piece && *piece) {
    if (!co_await exchange.write(**piece)) co_return;
    piece = co_await next_piece(context, exchange, download.source);
  }
  if (!piece) {
    exchange.abort();
    co_return;
  }
  co_await exchange.finish("");
}

constexpr std::string_view kReceiptHeader =
    "receipt_id,created_at,completed_at,tenant,workflow,api_key_id,end_user,requested_model,model_id,provider,region,"
    "category,status,http_status,"
    "error_code,cost_usd,charged_usd,savings_usd,cost_basis,latency_ms,ttft_ms,attempts,count,cache_hit\r\n";

void append_receipt(std::string& out, const store::ReceiptRow& row) {
  const auto text = [&](std::string_view value) { out.append(ledger::csv_text(value)).push_back(','); };
  const auto plain = [&](std::string_view value) { out.append(value).push_back(','); };
  const auto money = [](const std::optional<Picodollars>& amount) { return amount ? usd(*amount) : std::string(); };
  text(row.receipt_id);
  plain(to_rfc3339(row.created_at));
  plain(to_rfc3339(row.completed_at));
  for (const std::string* value : {&row.tenant, &row.workflow, &row.api_key_id, &row.end_user, &row.requested_model,
                                   &row.model_id, &row.provider, &row.region})
    text(*value);
  plain(model::name(row.category));
  plain(model::name(row.status));
  plain(fmt::format("{}", row.http_status));
  text(row.error_code);
  for (const auto& amount : {row.cost, row.charged, row.savings}) plain(money(amount));
  plain(model::name(row.basis));
  plain(fmt::format("{}", row.latency_ms));
  plain(row.ttft_ms ? fmt::format("{}", *row.ttft_ms) : "");
  plain(fmt::format("{}", row.attempts));
  plain(fmt::format("{}", row.count));
  out.append(row.cache_hit ? "true\r\n" : "false\r\n");
}

/// Page after page of a search, for as long as the request lives; the cursor freezes the set at the first one.
Source receipts_source(const ApiContext& context, store::Search search, const Request& request) {
  search.limit = store::kMaxPage;
  auto state = std::make_shared<std::pair<store::Search, bool>>(std::move(search), false);
  return [&context, state, &request]() -> Piece {
    if (state->second && state->first.cursor.empty()) return std::nullopt;
    const auto page = context.services.store.search(state->first, request.scope, {});
    if (!page) return std::unexpected(page.error());
    std::string out(state->second ? "" : kReceiptHeader);
    for (const store::ReceiptRow& row : page->rows) append_receipt(out, shown(request, row));
    state->first.cursor = page->next;
    state->second = true;
    return out;
  };
}

std::string csv_of(const store::Table& table) {
  std::string out;
  for (size_t i = 0; i < table.columns.size(); ++i)
    out.append(i > 0 ? "," : "").append(ledger::csv_text(table.columns[i].name));
  out.append("\r\n");
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = store::cell_text(row[i]);
      out.append(i > 0 ? "," : "")
          .append(table.columns[i].type == store::ColumnType::kText ? ledger::csv_text(cell) : cell);
    }
    out.append("\r\n");
  }
  return out;
}

/// All rows of a panel: neither its limit nor its top-n with "(other)" cuts anything off.
Source panel_source(const ApiContext& context, store::Query query, const Request& request) {
  query.limit = store::kMaxGroups;
  query.top.reset();
  auto done = std::make_shared<bool>(false);
  return [&context, query = std::move(query), &request, done]() -> Piece {
    if (std::exchange(*done, true)) return std::nullopt;
    const auto table = ask(context.services.store, request, query, {std::chrono::minutes(1), {}});
    if (!table) return std::unexpected(table.error());
    return csv_of(*table);
  };
}

Result<Download> receipts_download(const ApiContext& context, const Request& request) {
  static constexpr std::array<std::string_view, 3> kOthers = {"view", "format", "panel"};
  auto search = parse_search(request.query, kOthers);
  if (!search) return std::unexpected(search.error());
  if (auto allowed = check_search(request, *search); !allowed) return std::unexpected(allowed.error());
  return Download{.file_name = "receipts.csv", .source = receipts_source(context, std::move(*search), request)};
}

Result<Download> export_download(const ApiContext& context, const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return std::unexpected(values.error());
  const auto value = [&](std::string_view name) {
    const auto found = values->find(name);
    return found == values->end() ? std::string() : found->second;
  };
  const std::string name = value("view");
  if (name.empty()) return fail(Code::kInvalid, "view: is missing; give receipts, or a view of GET /api/v1/views");
  if (!value("format").empty() && value("format") != "csv")
    return fail(Code::kInvalid, "format: only csv is possible here");
  if (name == "receipts") return receipts_download(context, request);
  static constexpr std::array<std::string_view, 3> kOthers = {"view", "format", "panel"};
  const auto wanted = parse_view_request(request.query, context.services.clock.wall_now(), kOthers);
  if (!wanted) return std::unexpected(wanted.error());
  auto found = store::view(name, *wanted);
  if (!found) return std::unexpected(found.error());
  const auto panels = shown(request, std::move(*found));
  const std::string panel = value("panel").empty() && !panels.empty() ? panels.front().name : value("panel");
  for (const store::NamedQuery& one : panels) {
    if (one.name == panel)
      return Download{.file_name = fmt::format("{}-{}.csv", name, panel),
                      .source = panel_source(context, one.query, request)};
  }
  return fail(Code::kNotFound, fmt::format("panel: view {} has no panel '{}'", name, panel.substr(0, 64)));
}

Result<LedgerRequest> ledger_request(const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return std::unexpected(values.error());
  LedgerRequest wanted;
  for (const auto& [name, value] : *values) {
    bool good = true;
    if (name == "format") good = model::parse_name(kLedgerFormatNames, value, wanted.format);
    if (name == "grain") good = model::parse_name(ledger::kGrainNames, value, wanted.grain);
    if (name == "tenant") wanted.tenant = value;
    if (name == "from" || name == "to") {
      const auto time = parse_rfc3339(value);
      good = time.has_value();
      if (good) (name == "from" ? wanted.from : wanted.to) = *time;
    }
    const bool known = name == "format" || name == "grain" || name == "tenant" || name == "from" || name == "to";
    if (!known)
      return fail(
          Code::kInvalid,
          fmt::format("{}: there is no such parameter; there are format, grain, from, to, tenant", name.substr(0, 64)));
    if (!good)
      return fail(Code::kInvalid,
                  fmt::format("{}: '{}' is not possible; docs: /openapi.json", name, value.substr(0, 64)));
  }
  if (!request.sees_all()) {
    if (wanted.tenant && *wanted.tenant != *request.scope.tenant_id())
      return fail(Code::kForbidden, "tenant: this key sees its own tenant only");
    wanted.tenant = request.scope.tenant_id();
    wanted.charged_only = request.charged_only;
  }
  return wanted;
}

net::Task<void> export_view(const ApiContext& context, net::Exchange& exchange, const Request& request) {
  auto download = export_download(context, request);
  if (!download) {
    const Answer refused = problem(download.error());
    co_await respond(exchange, refused);
    co_return;
  }
  co_await send(context, exchange, std::move(*download));
}

net::Task<void> export_ledger(const ApiContext& context, net::Exchange& exchange, const Request& request) {
  const auto wanted = ledger_request(request);
  if (!wanted) {
    const Answer refused = problem(wanted.error());
    co_await respond(exchange, refused);
    co_return;
  }
  auto find_base = [&context] {
    journal::PosixFileSystem files;
    return ledger::needed_base(files, context.services.snapshot()->data_dir, context.services.journal);
  };
  auto rows =
      std::make_shared<LedgerExport>(context.services.journal, *wanted, std::move(find_base), &context.services.books);
  Download download;
  const bool json = wanted->format == LedgerFormat::kJson;
  if (json) download.content_type = "application/x-ndjson";
  download.file_name =
      fmt::format("ledger-{}.{}", ledger::kGrainNames[static_cast<size_t>(wanted->grain)], json ? "ndjson" : "csv");
  download.source = [rows] { return rows->next(); };
  co_await send(context, exchange, std::move(download));
}

} // namespace

void add_export_routes(RouteTable& table) {
  table.add_stream("GET", "/api/v1/export", kTenant, export_view);
  table.add_stream("GET", "/api/v1/ledger", kTenant, export_ledger);
}

} // namespace kairos::api
