// The one place that makes SQL for the analytics query. Identifiers come from the tables in this folder, every value is
// an integer (connection.h), so nothing that a user writes ever becomes SQL text.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/duckdb/conditions.h"
#include "store/duckdb/plan.h"

namespace kairos::store {

/// Which ids of the top dimension keep their own row; all others become kOtherKey.
struct TopKeys {
  DimensionRef dimension;
  std::vector<std::int64_t> keys;
};
inline constexpr std::int64_t kOtherKey = -2;

/// All that SQL is made from; references outlive it.
struct Question {
  const Query& query;
  Grain grain;
  const Scope& scope;
  const Names& names;
  const std::vector<OffsetPiece>& pieces;
  const TopKeys* top = nullptr; // null: every value keeps its row
};

inline constexpr size_t kMaxSketchRows = 2'000'000;
/// kTooLarge, beyond kMaxGroups and kMaxSketchRows.
std::unexpected<Error> too_many_groups();
std::unexpected<Error> too_many_buckets();

/// Dimension keys, then the parts; a key may come from each source. At most kMaxGroups + 1 rows per source.
std::string sums_sql(const Question& question, const Plan& plan, std::span<const Part> parts);
/// Dimension keys, duration, bucket, count. At most kMaxSketchRows + 1 rows.
std::string sketch_sql(const Question& question, const Plan& plan, const std::array<bool, kDurationCount>& durations);
/// Dimension keys, then the exact percentiles. Plans without a cube only.
std::string quantiles_sql(const Question& question, const Plan& plan, std::span<const Measure> percentiles);

/// The text of a key, whatever the dimension.
std::string key_text(const DimensionRef& dimension, std::int64_t key, Interval interval, const Names& names);

} // namespace kairos::store
