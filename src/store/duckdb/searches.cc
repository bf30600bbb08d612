#include "store/duckdb/searches.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "store/duckdb/conditions.h"
#include "store/duckdb/page_search.h"
#include "store/duckdb/rows.h"
#include "store/query_json.h"

namespace kairos::store {
namespace {

constexpr const char* kRowColumns = "r.sequence, r.id_high, r.id_low, r.segment, r.place, r.created, r.completed, "
                                    "r.tenant, r.workflow, r.api_key, r.end_user, "
                                    "r.requested_model, r.model, r.provider, r.region, r.error_code, r.category, "
                                    "r.status, r.http_status, r.cost, r.charged, "
                                    "r.savings, r.basis, r.latency, r.ttft, r.attempts, r.requests, r.cache_hit, "
                                    "r.correction_segment, r.correction_place";

WallTime wall_time(std::int64_t us) { return WallTime(std::chrono::microseconds(us)); }

std::optional<Picodollars> money_of(const std::optional<Int128>& cell) {
  return cell ? std::optional(Picodollars(static_cast<std::int64_t>(*cell))) : std::nullopt;
}

/// The row of kRowColumns, in that very order.
ReceiptRow receipt_row(const Rows& rows, size_t row, const Names& names) {
  ReceiptRow out;
  size_t column = 0;
  const auto integer = [&] { return rows.integer(row, column++); };
  const auto text = [&](Kind kind) { return names.text(kind, rows.integer(row, column++)); };
  out.sequence = static_cast<std::uint64_t>(integer());
  const std::int64_t high = integer();
  out.receipt_id = receipt_id_of({high, integer()});
  out.place.segment = static_cast<std::uint64_t>(integer());
  out.place.offset = static_cast<std::uint64_t>(integer());
  out.created_at = wall_time(integer());
  out.completed_at = wall_time(integer());
  out.tenant = text(Kind::kTenant);
  out.workflow = text(Kind::kWorkflow);
  out.api_key_id = text(Kind::kKey);
  out.end_user = text(Kind::kEndUser);
  out.requested_model = text(Kind::kModel);
  out.model_id = text(Kind::kModel);
  out.provider = text(Kind::kProvider);
  out.region = text(Kind::kRegion);
  out.error_code = text(Kind::kErrorCode);
  out.category = static_cast<model::Category>(integer());
  out.status = static_cast<model::Status>(integer());
  out.http_status = integer();
  out.cost = money_of(rows.at(row, column++));
  out.charged = money_of(rows.at(row, column++));
  out.savings = money_of(rows.at(row, column++));
  out.basis = static_cast<model::CostBasis>(integer());
  out.latency_ms = integer();
  if (const auto& ttft = rows.at(row, column++)) out.ttft_ms = static_cast<std::int64_t>(*ttft);
  out.attempts = integer();
  out.count = integer();
  out.cache_hit = integer() != 0;
  if (rows.at(row, column)) {
    out.correction = JournalPlace{static_cast<std::uint64_t>(rows.integer(row, column)),
                                  static_cast<std::uint64_t>(rows.integer(row, column + 1))};
  }
  return out;
}

std::int64_t order_key(SearchOrder order, const ReceiptRow& row) {
  switch (order) {
  case SearchOrder::kTime:
    return row.created_at.time_since_epoch().count();
  case SearchOrder::kCost:
    return row.cost ? row.cost->value() : -1;
  case SearchOrder::kLatency:
    return row.latency_ms;
  }
  return 0;
}

/// What a cursor is bound to: the search without its cursor and page size, as a query's JSON, and the scope.
std::string bound_text(const Search& search, const Scope& scope) {
  Query same;
  same.measures = {Measure::kReceipts};
  same.filters = search.filters;
  if (search.range) same.range = *search.range;
  return fmt::format("{}\n{}{}{}\n{}", to_json(same), static_cast<int>(search.order), search.descending ? 'd' : 'a',
                     search.range ? 'r' : '-', scope.tenant_id() ? "t" + *scope.tenant_id() : "*");
}

Result<Start> page_start(ReadSession& session, const Search& search, const CursorKey& key, const std::string& bound) {
  const auto mark = session.run("SELECT sequence, newest FROM mark");
  if (!mark) return std::unexpected(mark.error());
  Start start;
  if (mark->size() > 0) start = {{0, 0, mark->integer(0, 0)}, mark->integer(0, 1), mark->integer(0, 0)};
  if (search.cursor.empty()) return start;
  auto opened = open_cursor(key, search.cursor, bound);
  if (!opened) return std::unexpected(opened.error());
  start.cursor = *opened;
  return start;
}

/// Rows that lie far apart are looked up one by one: only then does the database skip what lies between.
std::string rows_sql(std::span<const std::int64_t> sequences) {
  constexpr std::int64_t kFar = 120'000;
  constexpr std::ptrdiff_t kMostApart = 128; // each is a part of the statement
  std::vector<std::int64_t> sorted(sequences.begin(), sequences.end());
  std::ranges::sort(sorted);
  const auto far = [](std::int64_t a, std::int64_t b) { return b - a > kFar; };
  std::string sql;
  for (auto first = sorted.begin(); first != sorted.end();) {
    const bool many = std::distance(sorted.begin(), first) > kMostApart;
    const auto last = many ? sorted.end() : std::adjacent_find(first, sorted.end(), far);
    const auto end = last == sorted.end() ? last : last + 1;
    sql += fmt::format("{}SELECT {} FROM receipts r WHERE r.sequence IN {} AND r.sequence >= {} AND r.sequence <= {}",
                       sql.empty() ? "" : " UNION ALL ", kRowColumns, sql_list(std::span(first, end)),
                       sql_value(*first), sql_value(*(end - 1)));
    first = end;
  }
  return sql;
}

Result<std::vector<ReceiptRow>> rows_of(ReadSession& session, std::span<const std::int64_t> sequences,
                                        const Names& names) {
  std::vector<ReceiptRow> out(sequences.size());
  if (sequences.empty()) return out;
  const auto rows = session.run(rows_sql(sequences));
  if (!rows) return std::unexpected(rows.error());
  for (size_t row = 0; row < rows->size(); ++row) {
    ReceiptRow one = receipt_row(*rows, row, names);
    const auto place = std::ranges::find(sequences, static_cast<std::int64_t>(one.sequence));
    out[static_cast<size_t>(place - sequences.begin())] = std::move(one);
  }
  return out;
}

Result<std::string> neighbour(ReadSession& session, const ReceiptRow& row, const Scope& scope, const Names& names,
                              bool newer) {
  const std::int64_t created = order_key(SearchOrder::kTime, row);
  TimeSpan whole;
  (newer ? whole.from_us : whole.to_us) = newer ? created : created + 1;
  for (const TimeSpan& span : growing(whole, created, !newer)) {
    std::string sql = "SELECT r.id_high, r.id_low FROM receipts r";
    auto conditions = conditions_of({}, scope, names, Grain::kReceipt, span);
    conditions.push_back(fmt::format("(r.created {0} {1} OR (r.created = {1} AND r.sequence {0} {2}))",
                                     newer ? ">" : "<", sql_value(created),
                                     sql_value(static_cast<std::int64_t>(row.sequence))));
    append_where(sql, conditions);
    sql +=
        newer ? " ORDER BY r.created ASC, r.sequence ASC LIMIT 1" : " ORDER BY r.created DESC, r.sequence DESC LIMIT 1";
    const auto rows = session.run(sql);
    if (!rows) return std::unexpected(rows.error());
    if (rows->size() > 0) return receipt_id_of({rows->integer(0, 0), rows->integer(0, 1)});
  }
  return std::string();
}

Result<> check_search(const Search& search) {
  if (search.limit == 0 || search.limit > kMaxPage)
    return fail(Code::kInvalid, fmt::format("limit: between 1 and {}", kMaxPage));
  Query as_query;
  as_query.measures = {Measure::kReceipts};
  as_query.filters = search.filters;
  as_query.range = search.range.value_or(TimeRange{WallTime{}, WallTime{} + std::chrono::microseconds(1)});
  return check(as_query);
}

} // namespace

Result<Page> answer_search(ReadSession& session, const Search& search, const Scope& scope, const Names& names,
                           const CursorKey& key, std::int64_t peaks_from) {
  if (auto checked = check_search(search); !checked) return std::unexpected(checked.error());
  const std::string bound = bound_text(search, scope);
  const auto start = page_start(session, search, key, bound);
  if (!start) return std::unexpected(start.error());
  auto sequences = page_sequences(session, search, scope, names, *start, peaks_from);
  if (!sequences) return std::unexpected(sequences.error());
  const bool more = sequences->size() > search.limit;
  if (more) sequences->resize(search.limit);
  auto rows = rows_of(session, *sequences, names);
  if (!rows) return std::unexpected(rows.error());
  Page page{std::move(*rows), ""};
  if (more) {
    const ReceiptRow& last = page.rows.back();
    page.next = seal_cursor(
        key, {order_key(search.order, last), static_cast<std::int64_t>(last.sequence), start->cursor.newest}, bound);
  }
  return page;
}

Result<Found> answer_find(ReadSession& session, std::string_view receipt_id, const Scope& scope, const Names& names) {
  const auto id = id_halves(receipt_id);
  const auto not_found = [&] {
    return fail(Code::kNotFound, fmt::format("no receipt '{}'", receipt_id.substr(0, 64)));
  };
  if (!id) return not_found();
  Filters exactly;
  exactly.text = receipt_id;
  std::string sql = fmt::format("SELECT {} FROM receipts r", kRowColumns);
  append_where(sql, conditions_of(exactly, scope, names, Grain::kReceipt, {}));
  const auto rows = session.run(sql);
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() == 0) return not_found();
  Found found{receipt_row(*rows, 0, names), "", ""};
  auto newer = neighbour(session, found.row, scope, names, true);
  if (!newer) return std::unexpected(newer.error());
  auto older = neighbour(session, found.row, scope, names, false);
  if (!older) return std::unexpected(older.error());
  found.newer = std::move(*newer);
  found.older = std::move(*older);
  return found;
}

Result<std::vector<MoneyRow>> answer_scan(ReadSession& session, std::uint64_t after, size_t limit, const Names& names) {
  std::string sql =
      "SELECT r.sequence, r.id_high, r.id_low, r.tenant, r.created, r.requests, r.cost FROM receipts r WHERE "
      "r.sequence > ";
  sql += sql_value(static_cast<std::int64_t>(after)) + " ORDER BY r.sequence LIMIT " +
         sql_value(static_cast<std::int64_t>(limit));
  const auto rows = session.run(sql);
  if (!rows) return std::unexpected(rows.error());
  std::vector<MoneyRow> out;
  for (size_t row = 0; row < rows->size(); ++row) {
    out.push_back({static_cast<std::uint64_t>(rows->integer(row, 0)),
                   receipt_id_of({rows->integer(row, 1), rows->integer(row, 2)}),
                   names.text(Kind::kTenant, rows->integer(row, 3)), wall_time(rows->integer(row, 4)),
                   rows->integer(row, 5), money_of(rows->at(row, 6))});
  }
  return out;
}

} // namespace kairos::store
