// Query, filters and tables → JSON and text.
#include <fmt/format.h>

#include "model/json_writer.h"
#include "store/query_json.h"

namespace kairos::store {
namespace {

std::string order_name(const std::variant<Measure, DimensionRef>& by) {
  if (const auto* measure = std::get_if<Measure>(&by)) return std::string(name(*measure));
  return name(std::get<DimensionRef>(by));
}

void write_values(model::JsonWriter& out, const Filters& filters, bool exclude) {
  for (const ValueFilter& filter : filters.values) {
    if (filter.exclude != exclude) continue;
    out.escaped_key(name(filter.field)).begin_array();
    for (const std::string& value : filter.values) out.string(value);
    out.end_array();
  }
}

void write_filters(model::JsonWriter& out, const Filters& filters) {
  out.key("filters").begin_object();
  write_values(out, filters, false);
  out.key("not").begin_object();
  write_values(out, filters, true);
  out.end_object();
  if (filters.min_cost) out.key("min_cost_usd").string(usd(*filters.min_cost));
  if (filters.max_cost) out.key("max_cost_usd").string(usd(*filters.max_cost));
  if (filters.min_latency_ms) out.key("min_latency_ms").integer(*filters.min_latency_ms);
  if (filters.max_latency_ms) out.key("max_latency_ms").integer(*filters.max_latency_ms);
  if (filters.cache_hit) out.key("cache_hit").boolean(*filters.cache_hit);
  if (filters.fallback) out.key("fallback").boolean(*filters.fallback);
  if (filters.unknown_cost) out.key("unknown_cost").boolean(*filters.unknown_cost);
  if (!filters.trace_id.empty()) out.key("trace_id").string(filters.trace_id);
  if (!filters.text.empty()) out.key("q").string(filters.text);
  out.end_object();
}

void write_cell(model::JsonWriter& out, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) {
    out.null();
  } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    out.integer(*integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    out.real(*real);
  } else {
    out.string(cell_text(cell));
  }
}

void write_row(model::JsonWriter& out, const std::vector<Cell>& row) {
  out.begin_array();
  for (const Cell& cell : row) write_cell(out, cell);
  out.end_array();
}

constexpr std::array<std::string_view, 4> kColumnTypeNames = {"text", "integer", "real", "usd"};

} // namespace

std::string to_json(const Query& query) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("measures").begin_array();
  for (const Measure measure : query.measures) out.string(name(measure));
  out.end_array().key("dimensions").begin_array();
  for (const DimensionRef& dimension : query.dimensions) out.string(name(dimension));
  out.end_array();
  write_filters(out, query.filters);
  out.key("from").string(to_rfc3339(query.range.from)).key("to").string(to_rfc3339(query.range.to));
  out.key("time_zone")
      .string(query.time_zone)
      .key("interval")
      .string(kIntervalNames[static_cast<size_t>(query.interval)]);
  out.key("compare").boolean(query.compare);
  if (query.top) {
    out.key("top")
        .begin_object()
        .key("dimension")
        .string(name(query.top->dimension))
        .key("by")
        .string(name(query.top->by));
    out.key("n").integer(static_cast<std::int64_t>(query.top->n)).end_object();
  }
  out.key("order").begin_array();
  for (const Order& order : query.order) {
    out.begin_object().key("by").string(order_name(order.by)).key("desc").boolean(order.descending).end_object();
  }
  out.end_array()
      .key("limit")
      .integer(static_cast<std::int64_t>(query.limit))
      .key("totals")
      .boolean(query.totals)
      .end_object();
  return text;
}

std::string to_json(const Table& table) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("columns").begin_array();
  for (const Column& column : table.columns) {
    out.begin_object()
        .key("name")
        .string(column.name)
        .key("type")
        .string(kColumnTypeNames[static_cast<size_t>(column.type)])
        .end_object();
  }
  out.end_array().key("rows").begin_array();
  for (const auto& row : table.rows) write_row(out, row);
  out.end_array().key("totals");
  if (table.totals) {
    write_row(out, *table.totals);
  } else {
    out.null();
  }
  out.key("groups").integer(static_cast<std::int64_t>(table.groups));
  out.key("percentile_error").real(table.percentile_error).key("incomplete_before");
  if (table.incomplete_before == WallTime{}) {
    out.null();
  } else {
    out.string(to_rfc3339(table.incomplete_before));
  }
  out.end_object();
  return text;
}

std::string cell_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{:.6g}", *real);
  if (const auto* money = std::get_if<Money>(&cell)) return usd_sum(money->picodollars);
  return "";
}

} // namespace kairos::store
