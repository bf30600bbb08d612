// Sketch of a distribution of durations: how many values fell into each bucket of a fixed scale. Sketches are merged by
// adding counts, so percentiles of any union of receipts come from the counts of its parts. Buckets are ranges of whole
// numbers with one value that stands for all of them and is at most 1 % away from each: below 100 every number has its
// own bucket and percentiles are exact. The scale is made by integer arithmetic alone, so that every machine counts
// alike; it is stored (as bucket numbers): changing it needs a new schema version. Idea: DDSketch (Masson, Rim, Lee
// 2019).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kairos::store {

/// |answer − true percentile| ≤ kSketchError × true percentile.
inline constexpr double kSketchError = 0.01;

/// 0 for values up to 0; values beyond 2³¹−1 share the last bucket.
std::int32_t sketch_bucket(std::int64_t value);
/// The value that stands for a bucket.
std::int64_t sketch_value(std::int64_t bucket);

/// (bucket, count) in any order, buckets may repeat, counts may be negative where something was taken out again.
using SketchCounts = std::vector<std::pair<std::int32_t, std::int64_t>>;
/// The nearest rank; nullopt if nothing was counted.
std::optional<std::int64_t> sketch_percentile(const SketchCounts& counts, int per_cent);

} // namespace kairos::store
