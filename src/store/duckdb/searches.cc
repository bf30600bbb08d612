#include "store/duckdb/searches.h"

#include <fmt/format.h>

#include "store/duckdb/rows.h"
#include "store/duckdb/conditions.h"
#include "store/query_json.h"

namespace kairos::store {
namespace {

constexpr const char* kRowColumns = "r.sequence, r.id_high, r.id_low, r.segment, r.place, r.created, r.completed, "
                                    "r.tenant, r.workflow, r.api_key, r.end_user, "
                                    "r.requested_model, r.model, r.provider, r.region, r.error_code, r.category, "
                                    "r.status, r.http_status, r.cost, r.charged, "
                                    "r.savings, r.basis, r.latency, r.ttft, r.attempts, r.requests, r.cache_hit, r.correction_segment, r.correction_place";

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(std::int64_t us) { return WallTime(std::chrono::microseconds(us)); }

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
  out.created_at = time_of(integer());
  out.completed_at = time_of(integer());
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

const char* order_column(SearchOrder order) {
  switch (order) {
  case SearchOrder::kTime:
    return "r.created";
  case SearchOrder::kCost:
    return "coalesce(r.cost, -1)"; // unknown ones below the cheapest
  case SearchOrder::kLatency:
    return "r.latency";
  }
  return "r.created";
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

Result<CursorState> start_of(ReadSession& session, const Search& search, const CursorKey& key,
                             const std::string& bound) {
  if (!search.cursor.empty()) return open_cursor(key, search.cursor, bound);
  const auto newest = session.run("SELECT sequence FROM mark");
  if (!newest) return std::unexpected(newest.error());
  return CursorState{0, 0, newest->size() == 0 ? 0 : newest->integer(0, 0)};
}

std::string search_sql(const Search& search, const Scope& scope, const Names& names, const CursorState& start) {
  std::string sql = fmt::format("SELECT {} FROM receipts r", kRowColumns);
  auto conditions = conditions_of(search.filters, scope, names, Grain::kReceipt);
  if (search.range) add_range(conditions, micros(search.range->from), micros(search.range->to));
  conditions.push_back("r.sequence <= " + sql_value(start.newest));
  const char* column = order_column(search.order);
  const char* direction = search.descending ? "DESC" : "ASC";
  if (!search.cursor.empty()) {
    const std::string key = sql_value(start.key);
    conditions.push_back(fmt::format("({0} {1} {2} OR ({0} = {2} AND r.sequence {1} {3}))", column,
                                     search.descending ? "<" : ">", key, sql_value(start.sequence)));
  }
  append_where(sql, conditions);
  sql += fmt::format(" ORDER BY {} {}, r.sequence {} LIMIT {}", column, direction, direction, search.limit + 1);
  return sql;
}

Result<std::string> neighbour(ReadSession& session, const ReceiptRow& row, const Scope& scope, const Names& names,
                              bool newer) {
  std::string sql = "SELECT r.id_high, r.id_low FROM receipts r";
  auto conditions = conditions_of({}, scope, names, Grain::kReceipt);
  const std::string created = sql_value(order_key(SearchOrder::kTime, row));
  const char* beyond = newer ? ">" : "<";
  conditions.push_back(fmt::format("(r.created {0} {1} OR (r.created = {1} AND r.sequence {0} {2}))", beyond, created,
                                   sql_value(static_cast<std::int64_t>(row.sequence))));
  append_where(sql, conditions);
  sql +=
      newer ? " ORDER BY r.created ASC, r.sequence ASC LIMIT 1" : " ORDER BY r.created DESC, r.sequence DESC LIMIT 1";
  const auto rows = session.run(sql);
  if (!rows) return std::unexpected(rows.error());
  return rows->size() == 0 ? std::string() : receipt_id_of({rows->integer(0, 0), rows->integer(0, 1)});
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
                           const CursorKey& key) {
  if (auto checked = check_search(search); !checked) return std::unexpected(checked.error());
  const std::string bound = bound_text(search, scope);
  const auto start = start_of(session, search, key, bound);
  if (!start) return std::unexpected(start.error());
  const auto rows = session.run(search_sql(search, scope, names, *start));
  if (!rows) return std::unexpected(rows.error());
  Page page;
  for (size_t row = 0; row < std::min(rows->size(), search.limit); ++row)
    page.rows.push_back(receipt_row(*rows, row, names));
  if (rows->size() > search.limit) {
    const ReceiptRow& last = page.rows.back();
    page.next = seal_cursor(
        key, {order_key(search.order, last), static_cast<std::int64_t>(last.sequence), start->newest}, bound);
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
  append_where(sql, conditions_of(exactly, scope, names, Grain::kReceipt));
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
                   names.text(Kind::kTenant, rows->integer(row, 3)), time_of(rows->integer(row, 4)),
                   rows->integer(row, 5), money_of(rows->at(row, 6))});
  }
  return out;
}

} // namespace kairos::store
