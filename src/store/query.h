// The analytics query: measures × dimensions × filters × time range × interval × order. Every dashboard view is one of
// these (views.h). Meaning of each measure: docs/analytics.md. JSON form: query_json.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/money.h"
#include "store/filters.h"

namespace kairos::store {

enum class Measure : std::uint8_t {
  kRequests, // coalesced refusals count as many as they are
  kReceipts,
  kAttempts,
  kPrivacyDropped,  // candidates that the privacy filter took out
  kCost,            // sum of the known totals, interrupted ones included
  kCostInterrupted, // the part of it whose basis is a reservation
  kUnknownCost,     // receipts whose cost is unknown: not in kCost
  kCharged,
  kBaseline,
  kSavings,
  kAvoided, // by cache hits
  kCostInput,
  kCostCacheRead,
  kCostCacheWrite,
  kCostOutput,
  kCostReasoning,
  kCostOther, // audio, images, fees
  kTokensInput,
  kTokensCacheRead,
  kTokensCacheWrite,
  kTokensOutput,
  kTokensReasoning,
  kTokensOther,
  kLatencyP50,
  kLatencyP95,
  kLatencyP99,
  kTtftP50,
  kTtftP95,
  kTtftP99,
  kOverheadP50,
  kOverheadP95,
  kOverheadP99,
  kErrorRate,
  kFallbackRate,
  kCacheHitRate,
  kRefusalRate,
  kConfidence, // mean
  kThroughput, // output tokens per second of successful requests
};
inline constexpr std::array<std::string_view, 38> kMeasureNames = {
    "requests",         "receipts",         "attempts",        "privacy_dropped",   "cost",
    "cost_interrupted", "unknown_cost",     "charged",         "baseline",          "savings",
    "avoided",          "cost_input",       "cost_cache_read", "cost_cache_write",  "cost_output",
    "cost_reasoning",   "cost_other",       "tokens_input",    "tokens_cache_read", "tokens_cache_write",
    "tokens_output",    "tokens_reasoning", "tokens_other",    "latency_p50",       "latency_p95",
    "latency_p99",      "ttft_p50",         "ttft_p95",        "ttft_p99",          "overhead_p50",
    "overhead_p95",     "overhead_p99",     "error_rate",      "fallback_rate",     "cache_hit_rate",
    "refusal_rate",     "confidence",       "throughput"};

constexpr std::string_view name(Measure measure) { return kMeasureNames[static_cast<size_t>(measure)]; }

enum class Interval : std::uint8_t { kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };
inline constexpr std::array<std::string_view, 7> kIntervalNames = {"minute", "hour",    "day", "week",
                                                                   "month",  "quarter", "year"};

struct Order {
  std::variant<Measure, DimensionRef> by;
  bool descending = true;
};

/// Keeps the `n` greatest values of one dimension (not time) by one measure; the rest becomes one row "(other)".
struct TopN {
  DimensionRef dimension;
  Measure by = Measure::kCost;
  size_t n = 10;
};

inline constexpr size_t kMaxGroups = 100'000; // a query that makes more is refused
inline constexpr size_t kMaxDimensions = 6;
inline constexpr std::string_view kOther = "(other)";

struct Query {
  std::vector<Measure> measures;        // at least one
  std::vector<DimensionRef> dimensions; // at most kMaxDimensions, none twice
  Filters filters;
  TimeRange range;
  std::string time_zone = "UTC";      // IANA name; days, weeks, months are local ones
  Interval interval = Interval::kDay; // of the dimension `time`
  /// Adds "<measure>.previous" columns: the range moved back by its own length, rounded up to whole weeks when it is a
  /// day or longer, so that Mondays are compared with Mondays.
  bool compare = false;
  std::optional<TopN> top;
  std::vector<Order> order; // ties and no order: by dimensions, ascending
  size_t limit = 1000;      // rows returned; totals are over all
  bool totals = false;
};

/// nullopt: unknown or undefined (no row to take a percentile of). Money is picodollars.
struct Money {
  PicoSum picodollars = 0;
  auto operator<=>(const Money&) const = default;
};
using Cell = std::variant<std::monostate, std::int64_t, double, Money, std::string>;

enum class ColumnType : std::uint8_t { kText, kInteger, kReal, kMoney };
struct Column {
  std::string name;
  ColumnType type = ColumnType::kText;
};

/// Dimensions first, then measures, then previous measures, in the order asked.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::optional<std::vector<Cell>> totals; // empty text where a dimension stands
  size_t groups = 0;                       // rows before `limit`
  double percentile_error = 0;             // percentiles are at most this part of themselves away; 0: exact
  /// Rows from before were needed and may have been dropped by retention: figures before may be too low. 1970: none.
  WallTime incomplete_before{};
};

ColumnType type_of(Measure measure);
/// Checks what the types cannot: kInvalid names the field ("dimensions[1]: 'model' is there twice").
Result<> check(const Query& query);

} // namespace kairos::store
