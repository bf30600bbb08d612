#include "store/duckdb/hints.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::store {
namespace {

/// The filters that the cube's rows can be held to.
Filters known_to(const Cube& cube, const Filters& filters) {
  Filters known;
  std::ranges::copy_if(filters.values, std::back_inserter(known.values),
                       [&](const ValueFilter& filter) { return has_dimension(cube, filter.field.dimension); });
  return known;
}

/// Of those that hold this by the hour, the one that knows most of the filters. A tenant's scope must be known.
size_t best_of(Holds holds, const Filters& filters, const Scope& scope) {
  size_t best = kCubes.size();
  size_t most = 0;
  for (size_t i = 0; i < kCubes.size(); ++i) {
    const Cube& cube = kCubes[i];
    if (cube.holds != holds || cube.grain != Grain::kReceipt || cube.unit_us != kHourUs) continue;
    if (scope.tenant_id() && !has_dimension(cube, Dimension::kTenant)) continue;
    const size_t knows = known_to(cube, filters).values.size();
    if (best == kCubes.size() || knows > most) best = i;
    most = std::max(most, knows);
  }
  return best;
}

std::int64_t hour_of(std::int64_t us) { return us == INT64_MIN ? us : us / kHourUs * kHourUs; }

std::string hours_sql(const Cube& cube, const char* figure, const Filters& filters, const Scope& scope,
                      const Names& names, const TimeSpan& whole) {
  std::string sql = fmt::format("SELECT r.created, {} FROM {} r", figure, cube.table);
  append_where(sql, conditions_of(known_to(cube, filters), scope, names, Grain::kReceipt,
                                  {hour_of(whole.from_us), whole.to_us}));
  return sql + " GROUP BY 1";
}

} // namespace

Result<std::int64_t> counted_from(ReadSession& session, const Filters& filters, const Scope& scope, const Names& names,
                                  const TimeSpan& whole, std::int64_t until_us, std::int64_t receipts) {
  const Cube& cube = kCubes[best_of(Holds::kSums, filters, scope)];
  const auto rows = session.run(hours_sql(cube, "sum(r.row_count)", filters, scope, names, {whole.from_us, until_us}) +
                                " ORDER BY 1 DESC");
  if (!rows) return std::unexpected(rows.error());
  for (size_t row = 0; row < rows->size(); ++row) {
    receipts -= rows->integer(row, 1);
    if (receipts <= 0) return std::max(whole.from_us, rows->integer(row, 0));
  }
  return whole.from_us;
}

Result<Peaks> peaks_of(ReadSession& session, const Filters& filters, const Scope& scope, const Names& names,
                       const TimeSpan& whole, SearchOrder order) {
  const size_t best = best_of(Holds::kPeaks, filters, scope);
  const auto progress = read_progress(session);
  if (!progress) return std::unexpected(progress.error());
  Peaks peaks;
  peaks.rolled = progress->rolled[best];
  const char* figure = order == SearchOrder::kCost ? "max(r.cost)" : "max(r.latency)";
  const auto rows =
      session.run(hours_sql(kCubes[best], figure, filters, scope, names, whole) + " ORDER BY 2 DESC, 1 DESC");
  if (!rows) return std::unexpected(rows.error());
  for (size_t row = 0; row < rows->size(); ++row) peaks.hours.push_back({rows->integer(row, 0), rows->integer(row, 1)});
  return peaks;
}

} // namespace kairos::store
