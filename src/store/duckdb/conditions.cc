#include "store/duckdb/conditions.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/category.h"
#include "model/enums.h"
#include "store/duckdb/cubes.h"
#include "store/duckdb/rows.h"

namespace kairos::store {
namespace {

constexpr std::array<std::string_view, 2> kFlagWords = {"false", "true"};

/// -1, which no row has, for values never seen.
std::int64_t key_of(const DimensionRef& field, std::string_view value, const Names& names) {
  if (const auto kind = kind_of(field.dimension)) return names.find(*kind, value);
  const auto words = words_of(field.dimension);
  const auto found = std::ranges::find(words, value);
  return found == words.end() ? -1 : found - words.begin();
}

std::vector<std::int64_t> keys_of(const ValueFilter& filter, const Names& names) {
  std::vector<std::int64_t> keys;
  for (const std::string& value : filter.values) {
    if (const std::int64_t key = key_of(filter.field, value, names); key >= 0) keys.push_back(key);
  }
  return keys;
}

std::string within(std::string_view table, const TimeSpan& span) {
  std::string text;
  if (span.from_us != INT64_MIN) text += fmt::format(" AND {}.created >= {}", table, sql_value(span.from_us));
  if (span.to_us != INT64_MAX) text += fmt::format(" AND {}.created < {}", table, sql_value(span.to_us));
  return text;
}

/// Receipts whose tag is one of the values; "" means that it is absent (or empty).
std::string tag_condition(const ValueFilter& filter, const Names& names, const TimeSpan& span) {
  const std::string tags = fmt::format("SELECT t.sequence FROM tags t WHERE t.key = {}{}",
                                       sql_value(names.find(Kind::kTagKey, filter.field.tag)), within("t", span));
  const std::vector<std::int64_t> values = keys_of(filter, names);
  std::string condition = fmt::format("r.sequence IN ({} AND t.value IN {})", tags, sql_list(values));
  if (std::ranges::find(values, 0) != values.end())
    condition = fmt::format("({} OR r.sequence NOT IN ({}))", condition, tags);
  return condition;
}

std::string value_condition(const ValueFilter& filter, const Names& names, Grain grain, const TimeSpan& span,
                            bool rolled_up) {
  const auto condition = [&]() -> std::string {
    if (filter.field.dimension == Dimension::kTag) return tag_condition(filter, names, span);
    const std::vector<std::int64_t> keys = keys_of(filter, names);
    if (keys.empty()) return "false";
    if (filter.field.dimension == Dimension::kAttemptReason && grain == Grain::kReceipt) {
      return fmt::format("r.sequence IN (SELECT a.sequence FROM attempts a WHERE a.reason IN {}{})", sql_list(keys),
                         within("a", span));
    }
    if (filter.field.dimension == Dimension::kCosted && !rolled_up)
      return fmt::format("({}) IN {}", raw_column(filter.field.dimension, grain), sql_list(keys));
    return fmt::format("r.{} IN {}", column_name(filter.field.dimension), sql_list(keys));
  };
  return filter.exclude ? fmt::format("NOT ({})", condition()) : condition();
}

constexpr size_t kMaxTextMatches = 1000;

std::string text_condition(const std::string& text, const Names& names) {
  if (const auto id = id_halves(text))
    return fmt::format("(r.id_high = {} AND r.id_low = {})", sql_value(id->high), sql_value(id->low));
  if (const auto trace = trace_halves(text)) {
    return fmt::format("(r.trace_high = {} AND r.trace_low = {})", sql_value(trace->high), sql_value(trace->low));
  }
  constexpr std::pair<const char*, Kind> kSearched[] = {
      {"r.workflow", Kind::kWorkflow}, {"r.api_key", Kind::kKey},           {"r.end_user", Kind::kEndUser},
      {"r.model", Kind::kModel},       {"r.requested_model", Kind::kModel}, {"r.provider", Kind::kProvider},
      {"r.region", Kind::kRegion},     {"r.error_code", Kind::kErrorCode}};
  std::string condition = "(false";
  for (const auto& [column, kind] : kSearched) {
    const auto ids = names.containing(kind, text, kMaxTextMatches);
    if (!ids.empty()) condition += fmt::format(" OR {} IN {}", column, sql_list(ids));
  }
  return condition + ")";
}

/// What receipts and attempts have columns for; those of an attempt are its receipt's.
std::vector<std::string> number_conditions(const Filters& filters, Grain grain, bool rolled_up) {
  const std::string_view cost = grain == Grain::kReceipt ? "r.cost" : "r.receipt_cost";
  const std::string_view latency = grain == Grain::kReceipt ? "r.latency" : "r.receipt_latency";
  std::vector<std::string> all;
  if (filters.min_cost) all.push_back(fmt::format("{} >= {}", cost, sql_value(filters.min_cost->value())));
  if (filters.max_cost) all.push_back(fmt::format("{} <= {}", cost, sql_value(filters.max_cost->value())));
  if (filters.min_latency_ms) all.push_back(fmt::format("{} >= {}", latency, sql_value(*filters.min_latency_ms)));
  if (filters.max_latency_ms) all.push_back(fmt::format("{} <= {}", latency, sql_value(*filters.max_latency_ms)));
  if (filters.cache_hit) all.push_back("r.cache_hit = " + sql_value(*filters.cache_hit ? 1 : 0));
  if (filters.fallback) all.push_back("r.fallback = " + sql_value(*filters.fallback ? 1 : 0));
  if (filters.unknown_cost && rolled_up) all.push_back("r.costed = " + sql_value(*filters.unknown_cost ? 0 : 1));
  if (filters.unknown_cost && !rolled_up)
    all.push_back(fmt::format("{} IS {}NULL", cost, *filters.unknown_cost ? "" : "NOT "));
  return all;
}

/// What only receipts have columns for.
std::vector<std::string> receipt_conditions(const Filters& filters, const Names& names) {
  std::vector<std::string> all;
  if (!filters.trace_id.empty()) {
    const auto trace = trace_halves(filters.trace_id).value_or(IdHalves{});
    all.push_back(fmt::format("(r.trace_high = {} AND r.trace_low = {})", sql_value(trace.high), sql_value(trace.low)));
  }
  if (!filters.text.empty()) all.push_back(text_condition(filters.text, names));
  return all;
}

std::string joined(const std::vector<std::string>& conditions) {
  std::string text;
  for (const std::string& condition : conditions) text += (text.empty() ? "" : " AND ") + condition;
  return text;
}

} // namespace

std::vector<std::string> conditions_of(const Filters& filters, const Scope& scope, const Names& names, Grain grain,
                                       const TimeSpan& span, bool rolled_up) {
  std::vector<std::string> all;
  if (span.from_us != INT64_MIN) all.push_back("r.created >= " + sql_value(span.from_us));
  if (span.to_us != INT64_MAX) all.push_back("r.created < " + sql_value(span.to_us));
  if (scope.tenant_id()) all.push_back("r.tenant = " + sql_value(names.find(Kind::kTenant, *scope.tenant_id())));
  for (const ValueFilter& filter : filters.values)
    all.push_back(value_condition(filter, names, grain, span, rolled_up));
  std::ranges::move(number_conditions(filters, grain, rolled_up), std::back_inserter(all));
  const std::string of_receipt = joined(receipt_conditions(filters, names));
  if (!of_receipt.empty() && grain == Grain::kReceipt) all.push_back(of_receipt);
  if (!of_receipt.empty() && grain == Grain::kAttempt)
    all.push_back(
        fmt::format("r.sequence IN (SELECT r.sequence FROM receipts r WHERE {}{})", of_receipt, within("r", span)));
  return all;
}

void append_where(std::string& sql, const std::vector<std::string>& conditions) {
  if (!conditions.empty()) sql += " WHERE " + joined(conditions);
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

std::span<const std::string_view> words_of(Dimension dimension) {
  switch (dimension) {
  case Dimension::kCategory:
    return model::kCategoryNames;
  case Dimension::kStatus:
    return model::kStatusNames;
  case Dimension::kEndpoint:
    return model::kEndpointNames;
  case Dimension::kAttemptReason:
    return model::kAttemptReasonNames;
  case Dimension::kCacheHit:
  case Dimension::kFallback:
  case Dimension::kCosted:
    return kFlagWords;
  default:
    return {};
  }
}

} // namespace kairos::store
