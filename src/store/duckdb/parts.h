// Parts: the sums that measures are made of. Each is additive, so the parts of a group may come from raw rows, from
// roll-ups and from both, and are added up. A measure is then one formula over parts. Percentiles are no parts.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "store/query.h"

namespace kairos::store {

/// What a row of the asked table is.
enum class Grain : std::uint8_t { kReceipt, kAttempt };
/// kAttempt if attempt_reason is a dimension.
Grain grain_of(const Query& query);

enum class Part : std::uint8_t {
  kRows,
  kRequests,
  kAttempts,
  kPrivacyDropped,
  kCost,
  kCostKnown, // how many rows know it; an amount that no row knows is unknown, not 0
  kCostInterrupted,
  kCharged,
  kChargedKnown,
  kBaseline,
  kBaselineKnown,
  kSavings,
  kSavingsKnown,
  kAvoided,
  kAvoidedKnown,
  kCostInput,
  kCostCacheRead,
  kCostCacheWrite,
  kCostOutput,
  kCostReasoning,
  kCostOther,
  kTokensInput,
  kTokensCacheRead,
  kTokensCacheWrite,
  kTokensOutput,
  kTokensReasoning,
  kTokensOther,
  kFailed, // requests, or attempts, that did
  kFellBack,
  kAttempted,
  kCacheHits,
  kRefused,
  kConfidence,
  kThroughputTokens,
  kThroughputMs,
};
inline constexpr size_t kPartCount = 35;

struct PartSql {
  std::string_view column;  // in roll-ups
  std::string_view receipt; // aggregate over rows of receipts
  std::string_view attempt; // over rows of attempts; empty: there is no such thing
};
const PartSql& part_sql(Part part);
constexpr std::string_view sql_of(const PartSql& part, Grain grain) {
  return grain == Grain::kReceipt ? part.receipt : part.attempt;
}

/// The parts that some measures need, each once; kRows is always there and first.
std::vector<Part> parts_of(std::span<const Measure> measures);
/// `sums[i]` belongs to `parts[i]`. Not for percentiles.
Cell measure_of(Measure measure, std::span<const Part> parts, std::span<const Int128> sums);

/// Percentiles are of three durations: 0 latency, 1 time to first byte, 2 overhead.
inline constexpr size_t kDurationCount = 3;
constexpr bool is_percentile(Measure m) { return m >= Measure::kLatencyP50 && m <= Measure::kOverheadP99; }
constexpr size_t duration_of(Measure m) {
  return (static_cast<size_t>(m) - static_cast<size_t>(Measure::kLatencyP50)) / 3;
}
constexpr int per_cent_of(Measure m) {
  constexpr std::array<int, 3> kPerCent = {50, 95, 99};
  return kPerCent[(static_cast<size_t>(m) - static_cast<size_t>(Measure::kLatencyP50)) % 3];
}

} // namespace kairos::store
