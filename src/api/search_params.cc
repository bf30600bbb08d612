#include "api/search_params.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/routes.h"
#include "base/clock.h"
#include "base/hex.h"
#include "model/enums.h"

namespace kairos::api {
namespace {

std::unexpected<Error> bad(std::string_view name, std::string_view value, std::string_view expected) {
  return fail(Code::kInvalid, fmt::format("{}: '{}' is not {}", name, value.substr(0, 64), expected));
}

Result<std::int64_t> number(std::string_view name, std::string_view value) {
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() || result < 0)
    return bad(name, value, "a whole number");
  return result;
}

/// The bounds of the range that were given.
struct Bounds {
  std::optional<WallTime> from;
  std::optional<WallTime> to;
};

Result<void> take_time(std::optional<WallTime>& into, std::string_view name, std::string_view value) {
  const auto time = parse_rfc3339(value);
  if (!time) return bad(name, value, "a time like 2026-04-24T13:07:42Z");
  into = *time;
  return {};
}

Result<void> take_money(std::optional<Picodollars>& into, std::string_view name, std::string_view value) {
  const auto amount = parse_usd(value);
  if (!amount) return bad(name, value, "an amount in USD like 0.05");
  into = *amount;
  return {};
}

Result<void> take_ms(std::optional<std::int64_t>& into, std::string_view name, std::string_view value) {
  const auto ms = number(name, value);
  if (!ms) return std::unexpected(ms.error());
  into = *ms;
  return {};
}

/// Commas separate values; inside one, and for a leading '!', a backslash takes the next character as it is.
std::vector<std::string> split_values(std::string_view text) {
  std::vector<std::string> values(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      values.back().push_back(text[++i]);
    } else if (text[i] == ',') {
      values.emplace_back();
    } else {
      values.back().push_back(text[i]);
    }
  }
  return values;
}

Result<void> take_values(store::Search& search, const store::DimensionRef& field, std::string_view value) {
  store::ValueFilter filter{field, {}, value.starts_with('!')};
  if (filter.exclude) value.remove_prefix(1);
  filter.values = split_values(value);
  if (filter.values.size() > store::kMaxFilterValues)
    return fail(Code::kInvalid, fmt::format("{}: more than {} values", store::name(field), store::kMaxFilterValues));
  search.filters.values.push_back(std::move(filter));
  return {};
}

Result<void> take_flag(std::optional<bool>& into, std::string_view name, std::string_view value) {
  if (value != "true" && value != "false") return bad(name, value, "true or false");
  into = value == "true";
  return {};
}

Result<void> take_paging(store::Search& search, std::string_view name, std::string_view value) {
  if (name == "cursor") {
    search.cursor = value;
  } else if (name == "limit") {
    const auto limit = number(name, value);
    if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(store::kMaxPage))
      return bad(name, value, "a whole number from 1 to 1000");
    search.limit = static_cast<size_t>(*limit);
  } else if (name == "order") {
    if (!model::parse_name(store::kSearchOrderNames, value, search.order))
      return bad(name, value, "time, cost or latency");
  } else if (value == "asc" || value == "desc") {
    search.descending = value == "desc";
  } else {
    return bad(name, value, "asc or desc");
  }
  return {};
}

Result<void> take(store::Search& search, Bounds& bounds, std::string_view name, std::string_view value) {
  if (name == "from") return take_time(bounds.from, name, value);
  if (name == "to") return take_time(bounds.to, name, value);
  if (name == "min_cost") return take_money(search.filters.min_cost, name, value);
  if (name == "max_cost") return take_money(search.filters.max_cost, name, value);
  if (name == "min_latency") return take_ms(search.filters.min_latency_ms, name, value);
  if (name == "max_latency") return take_ms(search.filters.max_latency_ms, name, value);
  if (name == "cache_hit") return take_flag(search.filters.cache_hit, name, value);
  if (name == "fallback") return take_flag(search.filters.fallback, name, value);
  if (name == "unknown_cost") return take_flag(search.filters.unknown_cost, name, value);
  if (name == "cursor" || name == "limit" || name == "order" || name == "direction")
    return take_paging(search, name, value);
  if (name == "trace_id") {
    if (value.size() != 32 || !from_hex(value)) return bad(name, value, "32 hexadecimal digits");
    search.filters.trace_id = value;
    return {};
  }
  if (name == "q") {
    search.filters.text = value;
    return {};
  }
  const auto dimension = store::parse_dimension(name);
  if (!dimension || dimension->dimension == store::Dimension::kTime || store::is_flag(dimension->dimension))
    return fail(Code::kInvalid, fmt::format("{}: there is no such parameter", name.substr(0, 64)));
  return take_values(search, *dimension, value);
}

} // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const auto byte = i + 2 < text.size() || i + 3 == text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte || byte->size() != 1) return fail(Code::kInvalid, "the query string holds a broken %-escape");
    out.push_back(static_cast<char>(byte->front()));
    i += 2;
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> query_pairs(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!name) return std::unexpected(name.error());
    if (!value) return std::unexpected(value.error());
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

Result<store::Search> parse_search(std::string_view query, std::span<const std::string_view> others) {
  store::Search search;
  Bounds bounds;
  const auto pairs = query_pairs(query);
  if (!pairs) return std::unexpected(pairs.error());
  for (const auto& [name, value] : *pairs) {
    if (std::ranges::find(others, name) != others.end()) continue;
    auto taken = take(search, bounds, name, value);
    if (!taken) return std::unexpected(taken.error());
  }
  if (bounds.from || bounds.to) {
    search.range = store::TimeRange{bounds.from.value_or(WallTime{}), bounds.to.value_or(store::kLatestTime)};
  }
  return search;
}

Result<store::ViewRequest> parse_view_request(std::string_view query, WallTime now,
                                              std::span<const std::string_view> others) {
  std::vector<std::string_view> passed(others.begin(), others.end());
  passed.insert(passed.end(), {"time_zone", "interval"});
  auto search = parse_search(query, passed);
  if (!search) return std::unexpected(search.error());
  const auto values = query_values(query);
  if (!values) return std::unexpected(values.error());
  store::ViewRequest request;
  request.filters = std::move(search->filters);
  request.range = {now - std::chrono::days(30), now};
  if (search->range && values->contains("from")) request.range.from = search->range->from;
  if (search->range && values->contains("to")) request.range.to = search->range->to;
  if (const auto zone = values->find("time_zone"); zone != values->end()) request.time_zone = zone->second;
  if (const auto interval = values->find("interval"); interval != values->end()) {
    if (!model::parse_name(store::kIntervalNames, interval->second, request.interval)) {
      return bad("interval", interval->second, "minute, hour, day, week, month, quarter or year");
    }
  }
  return request;
}

} // namespace kairos::api
