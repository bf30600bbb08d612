#include "store/duckdb/page_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "store/duckdb/hints.h"

namespace kairos::store {
namespace {

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

TimeSpan whole_of(const Search& search) {
  if (!search.range) return {};
  return {micros(search.range->from), micros(search.range->to)};
}

std::vector<TimeSpan> spans_of(const Search& search, const Start& start) {
  const TimeSpan whole = whole_of(search);
  if (search.order != SearchOrder::kTime) return {whole};
  const bool resumed = !search.cursor.empty();
  if (search.descending)
    return growing(whole, resumed ? start.cursor.key : std::min(whole.to_us, start.newest_us), true);
  if (!resumed && whole.from_us == INT64_MIN) return {whole};
  return growing(whole, resumed ? start.cursor.key : whole.from_us, false);
}

std::vector<std::string> search_conditions(const Search& search, const Scope& scope, const Names& names,
                                           const CursorState& start, const TimeSpan& span) {
  auto conditions = conditions_of(search.filters, scope, names, Grain::kReceipt, span);
  conditions.push_back("r.sequence <= " + sql_value(start.newest));
  if (!search.cursor.empty()) {
    const char* column = order_column(search.order);
    conditions.push_back(fmt::format("({0} {1} {2} OR ({0} = {2} AND r.sequence {1} {3}))", column,
                                     search.descending ? "<" : ">", sql_value(start.key), sql_value(start.sequence)));
  }
  return conditions;
}

std::string search_sql(const Search& search, const Scope& scope, const Names& names, const CursorState& start,
                       const TimeSpan& span) {
  const char* column = order_column(search.order);
  const char* direction = search.descending ? "DESC" : "ASC";
  std::string sql = "SELECT r.sequence FROM receipts r";
  append_where(sql, search_conditions(search, scope, names, start, span));
  sql += fmt::format(" ORDER BY {} {}, r.sequence {} LIMIT {}", column, direction, direction, search.limit + 1);
  return sql;
}

Result<std::vector<std::int64_t>> sequences_in(ReadSession& session, const std::string& sql) {
  const auto rows = session.run(sql);
  if (!rows) return std::unexpected(rows.error());
  std::vector<std::int64_t> sequences;
  for (size_t row = 0; row < rows->size(); ++row) sequences.push_back(rows->integer(row, 0));
  return sequences;
}

/// Filters that are looked up in other tables, which is not done many times over.
bool looks_elsewhere(const Filters& filters) {
  return std::ranges::any_of(filters.values, [](const ValueFilter& filter) {
    return filter.field.dimension == Dimension::kTag || filter.field.dimension == Dimension::kAttemptReason;
  });
}

/// The greatest of some hours, sequence and key; also of what is in no hour yet, where `and_new`.
std::string greatest_sql(const Search& search, const Scope& scope, const Names& names, const CursorState& start,
                         std::span<const Peak> hours, std::int64_t rolled, bool and_new,
                         std::int64_t at_least = INT64_MIN) {
  const TimeSpan whole = whole_of(search);
  const char* column = order_column(search.order);
  std::string sql = "SELECT sequence, key FROM (";
  const char* between = "";
  const auto add = [&](const TimeSpan& span, const std::string& more) {
    sql += fmt::format("{}SELECT r.sequence, {} AS key FROM receipts r", std::exchange(between, " UNION ALL "), column);
    auto conditions = search_conditions(search, scope, names, start, span);
    conditions.push_back(more);
    if (at_least != INT64_MIN) conditions.push_back(fmt::format("{} >= {}", column, sql_value(at_least)));
    append_where(sql, conditions);
  };
  if (and_new) add(whole, "r.sequence > " + sql_value(rolled));
  for (const Peak& hour : hours) {
    add({std::max(whole.from_us, hour.hour_us), std::min(whole.to_us, hour.hour_us + kHourUs)},
        "r.sequence <= " + sql_value(rolled));
  }
  return sql + fmt::format(") ORDER BY key DESC, sequence DESC LIMIT {}", search.limit + 1);
}

using Greatest = std::vector<std::pair<std::int64_t, std::int64_t>>; // key, sequence

Result<Greatest> greatest_in(ReadSession& session, const std::string& sql) {
  const auto rows = session.run(sql);
  if (!rows) return std::unexpected(rows.error());
  Greatest found;
  for (size_t row = 0; row < rows->size(); ++row) found.emplace_back(rows->integer(row, 1), rows->integer(row, 0));
  return found;
}

/// The dearest or slowest: looks into the hours that can have them. Once the page is full, hours whose peak is below
/// its last receipt cannot add to it. nullopt: too many hours could, so all must be looked at anyway.
Result<std::optional<std::vector<std::int64_t>>>
greatest(ReadSession& session, const Search& search, const Scope& scope, const Names& names, const CursorState& start) {
  constexpr size_t kMostHours = 400; // each is a part of the statement
  const auto peaks = peaks_of(session, search.filters, scope, names, whole_of(search), search.order);
  if (!peaks) return std::unexpected(peaks.error());
  const std::span<const Peak> all(peaks->hours);
  const size_t first = search.limit + 1;
  if (first > kMostHours || first >= all.size()) return std::nullopt;
  auto found = greatest_in(session, greatest_sql(search, scope, names, start, all.first(first), peaks->rolled, true));
  if (!found) return std::unexpected(found.error());
  if (found->size() <= search.limit) return std::nullopt;
  const std::int64_t last = found->back().first;
  const auto below = std::ranges::find_if(all, [&](const Peak& peak) { return peak.most < last; });
  const auto needed = static_cast<size_t>(below - all.begin());
  if (needed > kMostHours) return std::nullopt;
  if (needed > first) {
    auto more = greatest_in(session, greatest_sql(search, scope, names, start, all.subspan(first, needed - first),
                                                  peaks->rolled, false, last));
    if (!more) return std::unexpected(more.error());
    found->insert(found->end(), more->begin(), more->end());
    std::ranges::sort(*found, std::greater<>());
    found->resize(first);
  }
  std::vector<std::int64_t> sequences;
  for (const auto& [key, sequence] : *found) sequences.push_back(sequence);
  return sequences;
}

/// Not among the newest, of the first two spans: how far back it takes is counted rather than tried.
Result<> count_back(ReadSession& session, const Search& search, const Scope& scope, const Names& names,
                    const CursorState& start, std::vector<TimeSpan>& spans) {
  const TimeSpan tried = spans[1];
  const TimeSpan whole = spans.back();
  const std::int64_t until = search.cursor.empty() ? whole.to_us : start.key / kHourUs * kHourUs;
  const auto from =
      counted_from(session, search.filters, scope, names, whole, until, static_cast<std::int64_t>(search.limit) + 1);
  if (!from) return std::unexpected(from.error());
  std::erase_if(spans, [&](const TimeSpan& span) { return span.from_us > *from && span.from_us < tried.from_us; });
  if (*from > whole.from_us && *from < tried.from_us) spans.insert(spans.begin() + 2, {*from, whole.to_us});
  return {};
}

} // namespace

std::vector<TimeSpan> growing(const TimeSpan& whole, std::int64_t anchor_us, bool downwards) {
  constexpr std::int64_t kHours = 3'600'000'000;
  std::vector<TimeSpan> spans;
  for (std::int64_t width = kHours; width <= 256 * kHours; width *= 16) {
    TimeSpan span = whole;
    if (downwards) span.from_us = std::max(whole.from_us, anchor_us - width);
    if (!downwards) span.to_us = std::min(whole.to_us, anchor_us + width);
    if (span.from_us != whole.from_us || span.to_us != whole.to_us) spans.push_back(span);
  }
  spans.push_back(whole);
  return spans;
}

Result<std::vector<std::int64_t>> page_sequences(ReadSession& session, const Search& search, const Scope& scope,
                                                 const Names& names, const Start& start, std::int64_t peaks_from) {
  if (search.order != SearchOrder::kTime && search.descending && !looks_elsewhere(search.filters) &&
      start.receipts >= peaks_from) {
    auto found = greatest(session, search, scope, names, start.cursor);
    if (!found) return std::unexpected(found.error());
    if (*found) return std::move(**found);
  }
  std::vector<TimeSpan> spans = spans_of(search, start);
  std::vector<std::int64_t> sequences;
  for (size_t i = 0; i < spans.size(); ++i) {
    auto found = sequences_in(session, search_sql(search, scope, names, start.cursor, spans[i]));
    if (!found) return std::unexpected(found.error());
    sequences = std::move(*found);
    if (sequences.size() > search.limit) break;
    const bool narrowed = scope.tenant_id() || !search.filters.values.empty();
    if (i != 1 || i + 1 >= spans.size() || !search.descending || !narrowed) continue;
    if (auto done = count_back(session, search, scope, names, start.cursor, spans); !done)
      return std::unexpected(done.error());
  }
  return sequences;
}

} // namespace kairos::store
