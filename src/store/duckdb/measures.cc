// The measures as SQL, at both grains. docs/analytics.md says the same in words.
#include "store/duckdb/sql_builder.h"

namespace kairos::store {
namespace {

struct Entry {
  Measure measure;
  MeasureSql receipt;
  MeasureSql attempt;
};

// Money: NULL if no amount is known, but 0 over no rows at all. Status: 0 success, 1 error, 2 refused, 4 interrupted.
// Basis 2 is a reservation. quantile_disc is the nearest rank: exact.
constexpr MeasureSql kNone{nullptr, nullptr};
constexpr Entry kMeasures[] = {
    {Measure::kRequests, {"coalesce(sum(requests), 0)", nullptr}, kNone},
    {Measure::kReceipts, {"count(*)", nullptr}, kNone},
    {Measure::kAttempts, {"coalesce(sum(attempts), 0)", nullptr}, {"count(*)", nullptr}},
    {Measure::kPrivacyDropped, {"coalesce(sum(privacy_dropped), 0)", nullptr}, kNone},
    {Measure::kCost,
     {"coalesce(sum(cost), CASE WHEN count(*) = 0 THEN 0 END)", nullptr},
     {"coalesce(sum(cost), CASE WHEN count(*) = 0 THEN 0 END)", nullptr}},
    {Measure::kCostInterrupted,
     {"coalesce(sum(cost) FILTER (WHERE basis = 2), 0)", nullptr},
     {"coalesce(sum(cost) FILTER (WHERE basis = 2), 0)", nullptr}},
    {Measure::kUnknownCost, {"count(*) - count(cost)", nullptr}, {"count(*) - count(cost)", nullptr}},
    {Measure::kCharged, {"coalesce(sum(charged), CASE WHEN count(*) = 0 THEN 0 END)", nullptr}, kNone},
    {Measure::kBaseline, {"coalesce(sum(baseline), CASE WHEN count(*) = 0 THEN 0 END)", nullptr}, kNone},
    {Measure::kSavings, {"coalesce(sum(savings), CASE WHEN count(*) = 0 THEN 0 END)", nullptr}, kNone},
    {Measure::kAvoided, {"coalesce(sum(avoided), CASE WHEN count(*) = 0 THEN 0 END)", nullptr}, kNone},
    {Measure::kCostInput, {"coalesce(sum(cost_input), 0)", nullptr}, kNone},
    {Measure::kCostCacheRead, {"coalesce(sum(cost_cache_read), 0)", nullptr}, kNone},
    {Measure::kCostCacheWrite, {"coalesce(sum(cost_cache_write), 0)", nullptr}, kNone},
    {Measure::kCostOutput, {"coalesce(sum(cost_output), 0)", nullptr}, kNone},
    {Measure::kCostReasoning, {"coalesce(sum(cost_reasoning), 0)", nullptr}, kNone},
    {Measure::kCostOther, {"coalesce(sum(cost_other), 0)", nullptr}, kNone},
    {Measure::kTokensInput, {"coalesce(sum(tokens_input), 0)", nullptr}, {"coalesce(sum(tokens_input), 0)", nullptr}},
    {Measure::kTokensCacheRead,
     {"coalesce(sum(tokens_cache_read), 0)", nullptr},
     {"coalesce(sum(tokens_cache_read), 0)", nullptr}},
    {Measure::kTokensCacheWrite,
     {"coalesce(sum(tokens_cache_write), 0)", nullptr},
     {"coalesce(sum(tokens_cache_write), 0)", nullptr}},
    {Measure::kTokensOutput,
     {"coalesce(sum(tokens_output), 0)", nullptr},
     {"coalesce(sum(tokens_output), 0)", nullptr}},
    {Measure::kTokensReasoning,
     {"coalesce(sum(tokens_reasoning), 0)", nullptr},
     {"coalesce(sum(tokens_reasoning), 0)", nullptr}},
    {Measure::kTokensOther, {"coalesce(sum(tokens_other), 0)", nullptr}, {"coalesce(sum(tokens_other), 0)", nullptr}},
    {Measure::kLatencyP50,
     {"quantile_disc(latency, 0.5) FILTER (WHERE status <> 2)", nullptr},
     {"quantile_disc(latency, 0.5)", nullptr}},
    {Measure::kLatencyP95,
     {"quantile_disc(latency, 0.95) FILTER (WHERE status <> 2)", nullptr},
     {"quantile_disc(latency, 0.95)", nullptr}},
    {Measure::kLatencyP99,
     {"quantile_disc(latency, 0.99) FILTER (WHERE status <> 2)", nullptr},
     {"quantile_disc(latency, 0.99)", nullptr}},
    {Measure::kTtftP50, {"quantile_disc(ttft, 0.5)", nullptr}, {"quantile_disc(ttft, 0.5)", nullptr}},
    {Measure::kTtftP95, {"quantile_disc(ttft, 0.95)", nullptr}, {"quantile_disc(ttft, 0.95)", nullptr}},
    {Measure::kTtftP99, {"quantile_disc(ttft, 0.99)", nullptr}, {"quantile_disc(ttft, 0.99)", nullptr}},
    {Measure::kOverheadP50, {"quantile_disc(overhead, 0.5)", nullptr}, kNone},
    {Measure::kOverheadP95, {"quantile_disc(overhead, 0.95)", nullptr}, kNone},
    {Measure::kOverheadP99, {"quantile_disc(overhead, 0.99)", nullptr}, kNone},
    {Measure::kErrorRate,
     {"coalesce(sum(requests) FILTER (WHERE status IN (1, 4)), 0)", "sum(requests)"},
     {"coalesce(sum(failed), 0)", "count(*)"}},
    {Measure::kFallbackRate,
     {"coalesce(sum(requests) FILTER (WHERE fallback = 1), 0)", "sum(requests) FILTER (WHERE attempts > 0)"},
     kNone},
    {Measure::kCacheHitRate, {"coalesce(sum(requests) FILTER (WHERE cache_hit = 1), 0)", "sum(requests)"}, kNone},
    {Measure::kRefusalRate, {"coalesce(sum(requests) FILTER (WHERE status = 2), 0)", "sum(requests)"}, kNone},
    {Measure::kConfidence, {"sum(confidence)", "count(*)", 1e-6}, kNone},
    {Measure::kThroughput,
     {"sum(tokens_output + tokens_reasoning) FILTER (WHERE status = 0 AND attempts > 0 AND latency > 0)",
      "sum(latency) FILTER (WHERE status = 0 AND attempts > 0 AND latency > 0)", 1000},
     kNone},
};
static_assert(std::size(kMeasures) == kMeasureNames.size());

} // namespace

MeasureSql measure_sql(Measure measure, Grain grain) {
  const Entry& entry = kMeasures[static_cast<size_t>(measure)];
  return grain == Grain::kReceipt ? entry.receipt : entry.attempt;
}

} // namespace kairos::store
