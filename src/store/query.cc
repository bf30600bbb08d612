#include "store/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace kairos::store {
namespace {

constexpr std::string_view kTagPrefix = "tags.";

Result<> wrong_query(std::string_view field, std::string_view why) {
  return fail(Code::kInvalid, fmt::format("{}: {}", field, why));
}

bool groups_attempts(const Query& query) {
  return std::ranges::any_of(query.dimensions,
                             [](const DimensionRef& d) { return d.dimension == Dimension::kAttemptReason; });
}

/// Measures of a whole receipt cannot be split over its attempts.
bool at_attempts(Measure measure) {
  switch (measure) {
  case Measure::kAttempts:
  case Measure::kCost:
  case Measure::kCostInterrupted:
  case Measure::kUnknownCost:
  case Measure::kErrorRate:
    return true;
  default:
    break;
  }
  return (measure >= Measure::kTokensInput && measure <= Measure::kTtftP99);
}

Result<> check_lists(const Query& query) {
  if (query.measures.empty()) return wrong_query("measures", "name at least one, for example \"cost\"");
  for (size_t i = 0; i < query.measures.size(); ++i) {
    const auto before = std::span(query.measures).first(i);
    const Measure measure = query.measures[i];
    if (std::ranges::find(before, measure) != before.end())
      return wrong_query(fmt::format("measures[{}]", i), fmt::format("'{}' is there twice", name(measure)));
    if (groups_attempts(query) && !at_attempts(measure)) {
      return wrong_query(
          fmt::format("measures[{}]", i),
          fmt::format("'{}' belongs to whole receipts and cannot be grouped by attempt_reason", name(measure)));
    }
  }
  if (query.dimensions.size() > kMaxDimensions)
    return wrong_query("dimensions", fmt::format("at most {}", kMaxDimensions));
  for (size_t i = 0; i < query.dimensions.size(); ++i) {
    const auto before = std::span(query.dimensions).first(i);
    if (std::ranges::find(before, query.dimensions[i]) == before.end()) continue;
    return wrong_query(fmt::format("dimensions[{}]", i), fmt::format("'{}' is there twice", name(query.dimensions[i])));
  }
  return {};
}

Result<> check_top(const Query& query) {
  if (!query.top) return {};
  const TopN& top = *query.top;
  if (top.dimension.dimension == Dimension::kTime ||
      std::ranges::find(query.dimensions, top.dimension) == query.dimensions.end()) {
    return wrong_query("top.dimension", "it must be one of the dimensions, and not time");
  }
  if (top.n == 0 || top.n > 1000) return wrong_query("top.n", "between 1 and 1000");
  if (groups_attempts(query) && !at_attempts(top.by))
    return wrong_query("top.by", "it cannot be grouped by attempt_reason");
  return {};
}

Result<> check_order(const Query& query) {
  for (size_t i = 0; i < query.order.size(); ++i) {
    const auto& by = query.order[i].by;
    const bool known = std::holds_alternative<Measure>(by)
                           ? std::ranges::find(query.measures, std::get<Measure>(by)) != query.measures.end()
                           : std::ranges::find(query.dimensions, std::get<DimensionRef>(by)) != query.dimensions.end();
    if (!known)
      return wrong_query(fmt::format("order[{}].by", i), "it must be one of the measures or dimensions asked for");
  }
  return {};
}

} // namespace

std::string name(const DimensionRef& dimension) {
  if (dimension.dimension == Dimension::kTag) return std::string(kTagPrefix) + dimension.tag;
  return std::string(kDimensionNames[static_cast<size_t>(dimension.dimension)]);
}

std::optional<DimensionRef> parse_dimension(std::string_view text) {
  if (text.starts_with(kTagPrefix)) {
    if (text.size() == kTagPrefix.size()) return std::nullopt;
    return DimensionRef{Dimension::kTag, std::string(text.substr(kTagPrefix.size()))};
  }
  for (size_t i = 0; i + 1 < kDimensionNames.size(); ++i) {
    if (kDimensionNames[i] == text) return DimensionRef{static_cast<Dimension>(i), ""};
  }
  return std::nullopt;
}

ColumnType type_of(Measure measure) {
  if (measure >= Measure::kErrorRate) return ColumnType::kReal;
  if (measure == Measure::kUnknownCost) return ColumnType::kInteger;
  if (measure >= Measure::kCost && measure <= Measure::kCostOther) return ColumnType::kMoney;
  return ColumnType::kInteger;
}

Result<> check(const Query& query) {
  if (auto lists = check_lists(query); !lists) return lists;
  if (query.range.from < WallTime{} || query.range.from > kLatestTime)
    return wrong_query("from", "must lie between 1970 and 2100");
  if (query.range.to > kLatestTime) return wrong_query("to", "must lie between 1970 and 2100");
  if (query.range.from >= query.range.to) return wrong_query("to", "it must be after 'from'");
  if (query.limit == 0 || query.limit > kMaxGroups)
    return wrong_query("limit", fmt::format("between 1 and {}", kMaxGroups));
  for (size_t i = 0; i < query.filters.values.size(); ++i) {
    const ValueFilter& filter = query.filters.values[i];
    const std::string field = "filters." + name(filter.field);
    if (filter.field.dimension == Dimension::kTime) return wrong_query(field, "use 'from' and 'to'");
    if (is_flag(filter.field.dimension))
      return wrong_query(field, "use 'cache_hit', 'fallback' and 'unknown_cost' with true or false");
    if (filter.values.size() > kMaxFilterValues)
      return wrong_query(field, fmt::format("at most {} values", kMaxFilterValues));
  }
  if (auto top = check_top(query); !top) return top;
  return check_order(query);
}

} // namespace kairos::store
