#include "store/duckdb/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace kairos::store {
namespace {

/// Local buckets of time are unions of the cube's units.
bool fits_time(const Cube& cube, const Query& query, const std::vector<OffsetPiece>& pieces) {
  const Interval finest = cube.unit_us == kHourUs ? Interval::kHour : Interval::kDay;
  if (query.interval < finest) return false;
  return std::ranges::all_of(pieces, [&](const OffsetPiece& piece) {
    return piece.offset_us % cube.unit_us == 0 && (piece.until_us == INT64_MAX || piece.until_us % cube.unit_us == 0);
  });
}

/// Filters that look at more than dimensions.
bool filters_rows(const Filters& f) {
  return f.min_cost || f.max_cost || f.min_latency_ms || f.max_latency_ms || !f.trace_id.empty() || !f.text.empty();
}

bool knows_flags(const Cube& cube, const Filters& f) {
  return (!f.cache_hit || has_dimension(cube, Dimension::kCacheHit)) &&
         (!f.fallback || has_dimension(cube, Dimension::kFallback)) &&
         (!f.unknown_cost || has_dimension(cube, Dimension::kCosted));
}

bool covers(const Cube& cube, const Query& query, const Scope& scope, const std::vector<OffsetPiece>& pieces) {
  if (scope.tenant_id() && !has_dimension(cube, Dimension::kTenant)) return false;
  if (filters_rows(query.filters) || !knows_flags(cube, query.filters)) return false;
  const auto known = [&](const DimensionRef& d) { return has_dimension(cube, d.dimension); };
  if (!std::ranges::all_of(query.filters.values, known, &ValueFilter::field)) return false;
  return std::ranges::all_of(query.dimensions, [&](const DimensionRef& d) {
    return d.dimension == Dimension::kTime ? fits_time(cube, query, pieces) : known(d);
  });
}

void add(Plan& plan, const Cube* cube, std::int64_t from, std::int64_t to, std::int64_t after = 0) {
  if (from < to) plan.sources.push_back({cube, from, to, after});
}

/// What one roll-up after the other has not yet is mostly the same, all along the range.
void merge_neighbours(Plan& plan) {
  std::vector<Source> merged;
  std::ranges::sort(plan.sources, {}, [](const Source& source) {
    return std::tuple(source.cube == nullptr ? -1 : source.cube - kCubes.data(), source.after, source.from_us);
  });
  for (const Source& source : plan.sources) {
    const bool joins = !merged.empty() && merged.back().cube == source.cube && merged.back().after == source.after &&
                       merged.back().to_us == source.from_us;
    if (joins) merged.back().to_us = source.to_us;
    if (!joins) merged.push_back(source);
  }
  plan.sources = std::move(merged);
}

} // namespace

Result<Progress> read_progress(ReadSession& session) {
  const auto rows = session.run("SELECT cube, rolled, sequence, newest, (SELECT coalesce(max(before), 0) FROM "
                                "dropped) FROM cubes, mark");
  if (!rows) return std::unexpected(rows.error());
  Progress progress;
  for (size_t row = 0; row < rows->size(); ++row) {
    const auto cube = static_cast<size_t>(rows->integer(row, 0));
    if (cube < kCubes.size()) progress.rolled[cube] = rows->integer(row, 1);
    progress.sequence = rows->integer(row, 2);
    progress.newest_us = rows->integer(row, 3);
    progress.dropped_us = rows->integer(row, 4);
  }
  return progress;
}

Plan plan_of(const Query& query, Grain grain, const Scope& scope, const std::vector<OffsetPiece>& pieces,
             const Progress& progress, bool sketch) {
  Plan plan;
  const auto fits = [&](const Cube& cube) {
    return cube.grain == grain && cube.holds == (sketch ? Holds::kSketches : Holds::kSums) &&
           covers(cube, query, scope, pieces);
  };
  // Whole units of the first roll-up that has some, and what is left at both ends from finer ones or from raw rows.
  const auto fill = [&](const auto& again, std::int64_t from, std::int64_t to, std::int64_t coarsest_us) -> void {
    for (size_t i = 0; i < kCubes.size(); ++i) {
      const Cube& cube = kCubes[i];
      if (cube.unit_us > coarsest_us || !fits(cube)) continue;
      const std::int64_t first = (from + cube.unit_us - 1) / cube.unit_us * cube.unit_us;
      // A range that ends behind the newest receipt might as well end with a unit.
      const bool open = to > progress.newest_us;
      const std::int64_t end = (open ? to + cube.unit_us - 1 : to) / cube.unit_us * cube.unit_us;
      if (first >= end) continue;
      if (plan.cube == nullptr) plan.cube = &cube;
      add(plan, &cube, first, end);
      if (progress.sequence > progress.rolled[i]) add(plan, nullptr, first, std::min(end, to), progress.rolled[i]);
      again(again, from, std::min(first, to), cube.unit_us / 2);
      if (end < to) again(again, end, to, cube.unit_us / 2);
      return;
    }
    add(plan, nullptr, from, to);
  };
  fill(fill, micros(query.range.from), micros(query.range.to), kDayUs);
  merge_neighbours(plan);
  return plan;
}

bool counts_buckets(const Query& query) {
  return std::ranges::none_of(query.dimensions, [](const DimensionRef& d) {
    return d.dimension == Dimension::kEndUser || d.dimension == Dimension::kTag ||
           d.dimension == Dimension::kErrorCode || d.dimension == Dimension::kKey;
  });
}

} // namespace kairos::store
