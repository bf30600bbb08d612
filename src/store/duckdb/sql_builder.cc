#include "store/duckdb/sql_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/duckdb/rows.h"

namespace kairos::store {
namespace {

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

/// Column of a dimension, the same in both tables; nullptr for time and tags.
const char* column_of(Dimension dimension) {
  switch (dimension) {
  case Dimension::kTenant:
    return "r.tenant";
  case Dimension::kWorkflow:
    return "r.workflow";
  case Dimension::kKey:
    return "r.api_key";
  case Dimension::kEndUser:
    return "r.end_user";
  case Dimension::kModel:
    return "r.model";
  case Dimension::kProvider:
    return "r.provider";
  case Dimension::kRegion:
    return "r.region";
  case Dimension::kCategory:
    return "r.category";
  case Dimension::kStatus:
    return "r.status";
  case Dimension::kAttemptReason:
    return "r.reason";
  case Dimension::kRouterVersion:
    return "r.router";
  case Dimension::kPolicyVersion:
    return "r.policy";
  case Dimension::kRequestedModel:
    return "r.requested_model";
  case Dimension::kErrorCode:
    return "r.error_code";
  case Dimension::kEndpoint:
    return "r.endpoint";
  case Dimension::kTime:
  case Dimension::kTag:
    return nullptr;
  }
  return nullptr;
}

template <size_t N>
std::int64_t index_of(const std::array<std::string_view, N>& words, std::string_view text) {
  const auto found = std::ranges::find(words, text);
  return found == words.end() ? -1 : found - words.begin();
}

template <size_t N>
std::string word_at(const std::array<std::string_view, N>& words, std::int64_t index) {
  return index >= 0 && static_cast<size_t>(index) < N ? std::string(words[static_cast<size_t>(index)]) : "";
}

/// -1, which no row has, for values never seen.
std::int64_t key_of(const DimensionRef& field, std::string_view value, const Names& names) {
  switch (field.dimension) {
  case Dimension::kCategory:
    return index_of(model::kCategoryNames, value);
  case Dimension::kStatus:
    return index_of(model::kStatusNames, value);
  case Dimension::kEndpoint:
    return index_of(model::kEndpointNames, value);
  case Dimension::kAttemptReason:
    return index_of(model::kAttemptReasonNames, value);
  default:
    break;
  }
  const auto kind = kind_of(field.dimension);
  return kind ? names.find(*kind, value) : -1;
}

std::vector<std::int64_t> keys_of(const ValueFilter& filter, const Names& names) {
  std::vector<std::int64_t> keys;
  for (const std::string& value : filter.values) {
    if (const std::int64_t key = key_of(filter.field, value, names); key >= 0) keys.push_back(key);
  }
  return keys;
}

std::string offset_expression(Sql& sql, const std::vector<OffsetPiece>& pieces) {
  if (pieces.size() == 1) return sql.bind(pieces.front().offset_us);
  std::string text = "(CASE";
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    text += fmt::format(" WHEN r.created < {} THEN {}", sql.bind(pieces[i].until_us), sql.bind(pieces[i].offset_us));
  }
  return text + fmt::format(" ELSE {} END)", sql.bind(pieces.back().offset_us));
}

std::string bucket_expression(Sql& sql, Interval interval, const std::vector<OffsetPiece>& pieces) {
  const std::string offset = offset_expression(sql, pieces);
  const std::string local = fmt::format("(r.created + {})", offset);
  const std::string stamp = fmt::format("make_timestamp({})", local);
  switch (interval) {
  case Interval::kMinute:
    return fmt::format("({} // 60000000 * 60000000 - {})", local, offset);
  case Interval::kHour:
    return fmt::format("({} // 3600000000 * 3600000000 - {})", local, offset);
  case Interval::kDay:
    return fmt::format("({} // 86400000000)", local);
  case Interval::kWeek:
    return fmt::format("(({} // 86400000000 + 3) // 7)", local);
  case Interval::kMonth:
    return fmt::format("(year({0}) * 12 + month({0}) - 1)", stamp);
  case Interval::kQuarter:
    return fmt::format("((year({0}) * 12 + month({0}) - 1) // 3)", stamp);
  case Interval::kYear:
    return fmt::format("year({})", stamp);
  }
  return "0";
}

std::string tag_alias(size_t dimension) { return fmt::format("t{}", dimension); }

std::string dimension_expression(Sql& sql, const Query& query, size_t index, const std::vector<OffsetPiece>& pieces,
                                 const TopKeys* top) {
  const DimensionRef& dimension = query.dimensions[index];
  if (dimension.dimension == Dimension::kTime) return bucket_expression(sql, query.interval, pieces);
  const char* column = column_of(dimension.dimension);
  const std::string expression = column != nullptr ? column : fmt::format("coalesce({}.value, 0)", tag_alias(index));
  if (top == nullptr || !(top->dimension == dimension)) return expression;
  return fmt::format("(CASE WHEN {0} IN {1} THEN {0} ELSE {2} END)", expression, sql.bind_list(top->keys),
                     sql.bind(kOtherKey));
}

/// The tag of each receipt, one join per tag dimension.
std::string tag_joins(Sql& sql, const Query& query, const Names& names) {
  std::string joins;
  for (size_t i = 0; i < query.dimensions.size(); ++i) {
    if (query.dimensions[i].dimension != Dimension::kTag) continue;
    joins +=
        fmt::format(" LEFT JOIN (SELECT sequence, value FROM tags WHERE key = {} AND created >= {} AND created < {}) "
                    "{} ON {}.sequence = r.sequence",
                    sql.bind(names.find(Kind::kTagKey, query.dimensions[i].tag)), sql.bind(micros(query.range.from)),
                    sql.bind(micros(query.range.to)), tag_alias(i), tag_alias(i));
  }
  return joins;
}

/// Receipts whose tag is one of the values; "" means that it is absent (or empty).
std::string tag_condition(Sql& sql, const ValueFilter& filter, const Names& names) {
  const std::string key = sql.bind(names.find(Kind::kTagKey, filter.field.tag));
  const std::vector<std::int64_t> values = keys_of(filter, names);
  std::string condition = fmt::format("r.sequence IN (SELECT sequence FROM tags WHERE key = {} AND value IN {})", key,
                                      sql.bind_list(values));
  if (std::ranges::find(values, 0) != values.end()) {
    condition = fmt::format("({} OR r.sequence NOT IN (SELECT sequence FROM tags WHERE key = {}))", condition, key);
  }
  return condition;
}

std::string value_condition(Sql& sql, const ValueFilter& filter, const Names& names, Grain grain) {
  const auto condition = [&]() -> std::string {
    if (filter.field.dimension == Dimension::kTag) return tag_condition(sql, filter, names);
    const std::vector<std::int64_t> keys = keys_of(filter, names);
    if (keys.empty()) return "false";
    const char* column = column_of(filter.field.dimension);
    if (filter.field.dimension == Dimension::kAttemptReason && grain == Grain::kReceipt) {
      return fmt::format("r.sequence IN (SELECT sequence FROM attempts WHERE reason IN {})", sql.bind_list(keys));
    }
    return fmt::format("{} IN {}", column, sql.bind_list(keys));
  };
  return filter.exclude ? fmt::format("NOT ({})", condition()) : condition();
}

constexpr size_t kMaxTextMatches = 1000;

std::string text_condition(Sql& sql, const std::string& text, const Names& names) {
  if (const auto id = id_halves(text))
    return fmt::format("(r.id_high = {} AND r.id_low = {})", sql.bind(id->high), sql.bind(id->low));
  if (const auto trace = trace_halves(text)) {
    return fmt::format("(r.trace_high = {} AND r.trace_low = {})", sql.bind(trace->high), sql.bind(trace->low));
  }
  constexpr std::pair<const char*, Kind> kSearched[] = {
      {"r.workflow", Kind::kWorkflow}, {"r.api_key", Kind::kKey},           {"r.end_user", Kind::kEndUser},
      {"r.model", Kind::kModel},       {"r.requested_model", Kind::kModel}, {"r.provider", Kind::kProvider},
      {"r.region", Kind::kRegion},     {"r.error_code", Kind::kErrorCode}};
  std::string condition = "(false";
  for (const auto& [column, kind] : kSearched) {
    const auto ids = names.containing(kind, text, kMaxTextMatches);
    if (!ids.empty()) condition += fmt::format(" OR {} IN {}", column, sql.bind_list(ids));
  }
  return condition + ")";
}

/// Conditions on columns that only receipts have.
std::vector<std::string> receipt_conditions(Sql& sql, const Filters& filters, const Names& names) {
  std::vector<std::string> all;
  if (filters.min_cost) all.push_back("r.cost >= " + sql.bind(filters.min_cost->value()));
  if (filters.max_cost) all.push_back("r.cost <= " + sql.bind(filters.max_cost->value()));
  if (filters.min_latency_ms) all.push_back("r.latency >= " + sql.bind(*filters.min_latency_ms));
  if (filters.max_latency_ms) all.push_back("r.latency <= " + sql.bind(*filters.max_latency_ms));
  if (filters.cache_hit) all.push_back("r.cache_hit = " + sql.bind(*filters.cache_hit ? 1 : 0));
  if (filters.fallback) all.push_back("r.fallback = " + sql.bind(*filters.fallback ? 1 : 0));
  if (filters.unknown_cost) all.push_back(*filters.unknown_cost ? "r.cost IS NULL" : "r.cost IS NOT NULL");
  if (!filters.trace_id.empty()) {
    const auto trace = trace_halves(filters.trace_id).value_or(IdHalves{});
    all.push_back(fmt::format("(r.trace_high = {} AND r.trace_low = {})", sql.bind(trace.high), sql.bind(trace.low)));
  }
  if (!filters.text.empty()) all.push_back(text_condition(sql, filters.text, names));
  return all;
}

std::string joined(const std::vector<std::string>& conditions) {
  std::string text;
  for (const std::string& condition : conditions) text += (text.empty() ? "" : " AND ") + condition;
  return text;
}

} // namespace

Grain grain_of(const Query& query) {
  const auto by_attempt = [](const DimensionRef& d) { return d.dimension == Dimension::kAttemptReason; };
  return std::ranges::any_of(query.dimensions, by_attempt) ? Grain::kAttempt : Grain::kReceipt;
}

void append_where(Sql& sql, const Filters& filters, const std::optional<TimeRange>& range, const Scope& scope,
                  const Names& names, Grain grain) {
  std::vector<std::string> all;
  if (scope.tenant_id()) all.push_back("r.tenant = " + sql.bind(names.find(Kind::kTenant, *scope.tenant_id())));
  if (range) {
    all.push_back("r.created >= " + sql.bind(micros(range->from)));
    all.push_back("r.created < " + sql.bind(micros(range->to)));
  }
  for (const ValueFilter& filter : filters.values) all.push_back(value_condition(sql, filter, names, grain));
  const std::string of_receipt = joined(receipt_conditions(sql, filters, names));
  if (!of_receipt.empty() && grain == Grain::kReceipt) all.push_back(of_receipt);
  if (!of_receipt.empty() && grain == Grain::kAttempt) {
    all.push_back(fmt::format("r.sequence IN (SELECT r.sequence FROM receipts r WHERE {})", of_receipt));
  }
  if (!all.empty()) sql.text += " WHERE " + joined(all);
}

Sql group_sql(const Query& query, Grain grain, const Scope& scope, const Names& names,
              const std::vector<OffsetPiece>& pieces, const TopKeys* top) {
  Sql sql;
  std::string select;
  std::string groups;
  for (size_t i = 0; i < query.dimensions.size(); ++i) {
    select += (i > 0 ? ", " : "") + dimension_expression(sql, query, i, pieces, top);
    groups += fmt::format("{}{}", i > 0 ? ", " : " GROUP BY ", i + 1);
  }
  for (const Measure measure : query.measures) {
    const MeasureSql parts = measure_sql(measure, grain);
    select += fmt::format("{}{}, {}", select.empty() ? "" : ", ", parts.numerator,
                          parts.denominator != nullptr ? parts.denominator : "1");
  }
  const std::string joins = tag_joins(sql, query, names);
  sql.text = fmt::format("SELECT {} FROM {} r{}", select, grain == Grain::kReceipt ? "receipts" : "attempts", joins);
  append_where(sql, query.filters, query.range, scope, names, grain);
  sql.text += fmt::format("{} LIMIT {}", groups, kMaxGroups + 1);
  return sql;
}

std::optional<Kind> kind_of(Dimension dimension) {
  switch (dimension) {
  case Dimension::kTenant:
    return Kind::kTenant;
  case Dimension::kWorkflow:
    return Kind::kWorkflow;
  case Dimension::kKey:
    return Kind::kKey;
  case Dimension::kEndUser:
    return Kind::kEndUser;
  case Dimension::kModel:
  case Dimension::kRequestedModel:
    return Kind::kModel;
  case Dimension::kProvider:
    return Kind::kProvider;
  case Dimension::kRegion:
    return Kind::kRegion;
  case Dimension::kRouterVersion:
    return Kind::kRouter;
  case Dimension::kPolicyVersion:
    return Kind::kPolicy;
  case Dimension::kErrorCode:
    return Kind::kErrorCode;
  case Dimension::kTag:
    return Kind::kTagValue;
  default:
    return std::nullopt;
  }
}

std::string key_text(const DimensionRef& dimension, std::int64_t key, Interval interval, const Names& names) {
  switch (dimension.dimension) {
  case Dimension::kTime:
    return bucket_label(key, interval);
  case Dimension::kCategory:
    return key == kOtherKey ? std::string(kOther) : word_at(model::kCategoryNames, key);
  case Dimension::kStatus:
    return key == kOtherKey ? std::string(kOther) : word_at(model::kStatusNames, key);
  case Dimension::kEndpoint:
    return key == kOtherKey ? std::string(kOther) : word_at(model::kEndpointNames, key);
  case Dimension::kAttemptReason:
    return key == kOtherKey ? std::string(kOther) : word_at(model::kAttemptReasonNames, key);
  default:
    break;
  }
  if (key == kOtherKey) return std::string(kOther);
  return names.text(kind_of(dimension.dimension).value_or(Kind::kTenant), key);
}

} // namespace kairos::store
