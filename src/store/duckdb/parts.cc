// The measures, at both grains. docs/analytics.md says the same in words.
#include "store/duckdb/parts.h"

#include <algorithm>

namespace kairos::store {
namespace {

// Status: 0 success, 1 error, 2 refused, 4 interrupted. Basis 2 is a reservation.
constexpr std::array<PartSql, kPartCount> kParts = {{
    {"row_count", "count(*)", "count(*)"},
    {"requests", "sum(requests)", "count(*)"},
    {"attempts", "sum(attempts)", "count(*)"},
    {"privacy_dropped", "sum(privacy_dropped)", ""},
    {"cost", "sum(cost)", "sum(cost)"},
    {"cost_known", "count(cost)", "count(cost)"},
    {"cost_interrupted", "sum(cost) FILTER (WHERE basis = 2)", "sum(cost) FILTER (WHERE basis = 2)"},
    {"charged", "sum(charged)", ""},
    {"charged_known", "count(charged)", ""},
    {"baseline", "sum(baseline)", ""},
    {"baseline_known", "count(baseline)", ""},
    {"savings", "sum(savings)", ""},
    {"savings_known", "count(savings)", ""},
    {"avoided", "sum(avoided)", ""},
    {"avoided_known", "count(avoided)", ""},
    {"cost_input", "sum(cost_input)", ""},
    {"cost_cache_read", "sum(cost_cache_read)", ""},
    {"cost_cache_write", "sum(cost_cache_write)", ""},
    {"cost_output", "sum(cost_output)", ""},
    {"cost_reasoning", "sum(cost_reasoning)", ""},
    {"cost_other", "sum(cost_other)", ""},
    {"tokens_input", "sum(tokens_input)", "sum(tokens_input)"},
    {"tokens_cache_read", "sum(tokens_cache_read)", "sum(tokens_cache_read)"},
    {"tokens_cache_write", "sum(tokens_cache_write)", "sum(tokens_cache_write)"},
    {"tokens_output", "sum(tokens_output)", "sum(tokens_output)"},
    {"tokens_reasoning", "sum(tokens_reasoning)", "sum(tokens_reasoning)"},
    {"tokens_other", "sum(tokens_other)", "sum(tokens_other)"},
    {"failed", "sum(requests) FILTER (WHERE status IN (1, 4))", "sum(failed)"},
    {"fell_back", "sum(requests) FILTER (WHERE fallback = 1)", ""},
    {"attempted", "sum(requests) FILTER (WHERE attempts > 0)", ""},
    {"cache_hits", "sum(requests) FILTER (WHERE cache_hit = 1)", ""},
    {"refused", "sum(requests) FILTER (WHERE status = 2)", ""},
    {"confidence", "sum(confidence)", ""},
    {"throughput_tokens",
     "sum(least(tokens_output, 1000000000000) + least(tokens_reasoning, 1000000000000)) FILTER (WHERE status = 0 AND "
     "attempts > 0 AND latency > 0)",
     ""},
    {"throughput_ms", "sum(latency) FILTER (WHERE status = 0 AND attempts > 0 AND latency > 0)", ""},
}};

enum class Shape : std::uint8_t {
  kSum,     // a
  kMissing, // rows − a
  kAmount,  // a, unknown if b (how many know it) is 0 over some rows
  kRate,    // a / b × scale
};
struct Formula {
  Shape shape = Shape::kSum;
  Part a = Part::kRows;
  Part b = Part::kRows;
  double scale = 1;
};

/// Runs of measures and parts that stand in the same order.
Part beside(Measure measure, Measure first_measure, Part first_part) {
  return static_cast<Part>(static_cast<int>(first_part) + static_cast<int>(measure) - static_cast<int>(first_measure));
}

Formula formula_of(Measure measure) {
  if (measure >= Measure::kCostInput && measure <= Measure::kTokensOther)
    return {Shape::kSum, beside(measure, Measure::kCostInput, Part::kCostInput)};
  switch (measure) {
  case Measure::kRequests:
    return {Shape::kSum, Part::kRequests};
  case Measure::kAttempts:
    return {Shape::kSum, Part::kAttempts};
  case Measure::kPrivacyDropped:
    return {Shape::kSum, Part::kPrivacyDropped};
  case Measure::kCost:
    return {Shape::kAmount, Part::kCost, Part::kCostKnown};
  case Measure::kCostInterrupted:
    return {Shape::kSum, Part::kCostInterrupted};
  case Measure::kUnknownCost:
    return {Shape::kMissing, Part::kCostKnown};
  case Measure::kCharged:
    return {Shape::kAmount, Part::kCharged, Part::kChargedKnown};
  case Measure::kBaseline:
    return {Shape::kAmount, Part::kBaseline, Part::kBaselineKnown};
  case Measure::kSavings:
    return {Shape::kAmount, Part::kSavings, Part::kSavingsKnown};
  case Measure::kAvoided:
    return {Shape::kAmount, Part::kAvoided, Part::kAvoidedKnown};
  case Measure::kErrorRate:
    return {Shape::kRate, Part::kFailed, Part::kRequests};
  case Measure::kFallbackRate:
    return {Shape::kRate, Part::kFellBack, Part::kAttempted};
  case Measure::kCacheHitRate:
    return {Shape::kRate, Part::kCacheHits, Part::kRequests};
  case Measure::kRefusalRate:
    return {Shape::kRate, Part::kRefused, Part::kRequests};
  case Measure::kConfidence:
    return {Shape::kRate, Part::kConfidence, Part::kRows, 1e-6};
  case Measure::kThroughput:
    return {Shape::kRate, Part::kThroughputTokens, Part::kThroughputMs, 1000};
  default:
    return {}; // receipts; percentiles are not asked for here
  }
}

Int128 value_of(Part part, std::span<const Part> parts, std::span<const Int128> sums) {
  return sums[static_cast<size_t>(std::ranges::find(parts, part) - parts.begin())];
}

Cell whole_number(Int128 value) {
  return static_cast<std::int64_t>(std::clamp(value, Int128{INT64_MIN}, Int128{INT64_MAX}));
}

} // namespace

Grain grain_of(const Query& query) {
  const auto by_attempt = [](const DimensionRef& d) { return d.dimension == Dimension::kAttemptReason; };
  return std::ranges::any_of(query.dimensions, by_attempt) ? Grain::kAttempt : Grain::kReceipt;
}

const PartSql& part_sql(Part part) { return kParts[static_cast<size_t>(part)]; }

std::vector<Part> parts_of(std::span<const Measure> measures) {
  std::vector<Part> parts = {Part::kRows};
  for (const Measure measure : measures) {
    if (is_percentile(measure)) continue;
    const Formula formula = formula_of(measure);
    for (const Part part : {formula.a, formula.b}) {
      if (std::ranges::find(parts, part) == parts.end()) parts.push_back(part);
    }
  }
  return parts;
}

Cell measure_of(Measure measure, std::span<const Part> parts, std::span<const Int128> sums) {
  const Formula formula = formula_of(measure);
  const Int128 a = value_of(formula.a, parts, sums);
  const Int128 b = value_of(formula.b, parts, sums);
  const Int128 rows = sums.front();
  if (formula.shape == Shape::kRate)
    return b == 0 ? Cell() : Cell(static_cast<double>(a) * formula.scale / static_cast<double>(b));
  if (formula.shape == Shape::kMissing) return whole_number(rows - a);
  if (formula.shape == Shape::kAmount && b == 0 && rows != 0) return {};
  return type_of(measure) == ColumnType::kMoney ? Cell(Money{a}) : whole_number(a);
}

} // namespace kairos::store
