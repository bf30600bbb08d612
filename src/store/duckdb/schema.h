// The tables of the DuckDB file. Narrow: every column is an integer; names are ids of the dictionary, money is
// picodollars, times are microseconds since 1970 (UTC), no bodies. NULL is "unknown" or "not there".
//   receipts    one row per closed receipt           attempts  one row per attempt of one
//   tags        one row per tag of a receipt         dictionary (kind, id, text)
//   facets      (tenant, kind, id) that occur        mark, meta  one row each
//   dropped     (tenant, before): retention          cubes, …    the roll-ups: cubes.h
#pragma once

#include <duckdb.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kairos::store {

inline constexpr int kSchemaVersion = 6;

struct ColumnSpec {
  std::string_view name;
  duckdb_type type;
};

/// Order of the columns; the enums below index rows.
enum class R : std::uint8_t {
  kSequence,
  kIdHigh,
  kIdLow,
  kSegment,
  kPlace,
  kCreated,
  kCompleted,
  kTenant,
  kWorkflow,
  kKey,
  kEndUser,
  kRequestedModel,
  kModel,
  kProvider,
  kRegion,
  kErrorCode,
  kRouter,
  kPolicy,
  kCategory,
  kStatus,
  kEndpoint,
  kBasis,
  kHttpStatus,
  kRequests,
  kAttempts,
  kFallback,
  kCacheHit,
  kTraceHigh,
  kTraceLow,
  kCost,
  kCharged,
  kBaseline,
  kSavings,
  kAvoided,
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
  kLatency,
  kTtft,
  kOverhead,
  kConfidence,
  kPrivacyDropped,
  kLatencyBucket, // of sketch.h; NULL where the duration does not count
  kTtftBucket,
  kOverheadBucket,
  kCorrectionSegment, // of the last CORRECTION that was applied
  kCorrectionPlace,
};
inline constexpr std::array<ColumnSpec, 56> kReceiptColumns = {{
    {"sequence", DUCKDB_TYPE_BIGINT},
    {"id_high", DUCKDB_TYPE_BIGINT},
    {"id_low", DUCKDB_TYPE_BIGINT},
    {"segment", DUCKDB_TYPE_BIGINT},
    {"place", DUCKDB_TYPE_BIGINT},
    {"created", DUCKDB_TYPE_BIGINT},
    {"completed", DUCKDB_TYPE_BIGINT},
    {"tenant", DUCKDB_TYPE_INTEGER},
    {"workflow", DUCKDB_TYPE_INTEGER},
    {"api_key", DUCKDB_TYPE_INTEGER},
    {"end_user", DUCKDB_TYPE_INTEGER},
    {"requested_model", DUCKDB_TYPE_INTEGER},
    {"model", DUCKDB_TYPE_INTEGER},
    {"provider", DUCKDB_TYPE_INTEGER},
    {"region", DUCKDB_TYPE_INTEGER},
    {"error_code", DUCKDB_TYPE_INTEGER},
    {"router", DUCKDB_TYPE_INTEGER},
    {"policy", DUCKDB_TYPE_INTEGER},
    {"category", DUCKDB_TYPE_TINYINT},
    {"status", DUCKDB_TYPE_TINYINT},
    {"endpoint", DUCKDB_TYPE_TINYINT},
    {"basis", DUCKDB_TYPE_TINYINT},
    {"http_status", DUCKDB_TYPE_SMALLINT},
    {"requests", DUCKDB_TYPE_BIGINT},
    {"attempts", DUCKDB_TYPE_SMALLINT},
    {"fallback", DUCKDB_TYPE_TINYINT},
    {"cache_hit", DUCKDB_TYPE_TINYINT},
    {"trace_high", DUCKDB_TYPE_BIGINT},
    {"trace_low", DUCKDB_TYPE_BIGINT},
    {"cost", DUCKDB_TYPE_BIGINT},
    {"charged", DUCKDB_TYPE_BIGINT},
    {"baseline", DUCKDB_TYPE_BIGINT},
    {"savings", DUCKDB_TYPE_BIGINT},
    {"avoided", DUCKDB_TYPE_BIGINT},
    {"cost_input", DUCKDB_TYPE_BIGINT},
    {"cost_cache_read", DUCKDB_TYPE_BIGINT},
    {"cost_cache_write", DUCKDB_TYPE_BIGINT},
    {"cost_output", DUCKDB_TYPE_BIGINT},
    {"cost_reasoning", DUCKDB_TYPE_BIGINT},
    {"cost_other", DUCKDB_TYPE_BIGINT},
    {"tokens_input", DUCKDB_TYPE_BIGINT},
    {"tokens_cache_read", DUCKDB_TYPE_BIGINT},
    {"tokens_cache_write", DUCKDB_TYPE_BIGINT},
    {"tokens_output", DUCKDB_TYPE_BIGINT},
    {"tokens_reasoning", DUCKDB_TYPE_BIGINT},
    {"tokens_other", DUCKDB_TYPE_BIGINT},
    {"latency", DUCKDB_TYPE_INTEGER},
    {"ttft", DUCKDB_TYPE_INTEGER},
    {"overhead", DUCKDB_TYPE_INTEGER},
    {"confidence", DUCKDB_TYPE_INTEGER}, // millionths
    {"privacy_dropped", DUCKDB_TYPE_INTEGER},
    {"latency_bucket", DUCKDB_TYPE_SMALLINT},
    {"ttft_bucket", DUCKDB_TYPE_SMALLINT},
    {"overhead_bucket", DUCKDB_TYPE_SMALLINT},
    {"correction_segment", DUCKDB_TYPE_BIGINT},
    {"correction_place", DUCKDB_TYPE_BIGINT},
}};

enum class A : std::uint8_t {
  kSequence,
  kCreated,
  kTenant,
  kWorkflow,
  kKey,
  kEndUser,
  kRequestedModel,
  kErrorCode,
  kRouter,
  kPolicy,
  kCategory,
  kStatus,
  kEndpoint,
  kModel,
  kProvider,
  kRegion,
  kReason,
  kFailed,
  kBasis,
  kCost,
  kTokensInput,
  kTokensCacheRead,
  kTokensCacheWrite,
  kTokensOutput,
  kTokensReasoning,
  kTokensOther,
  kLatency,
  kTtft,
  kLatencyBucket,
  kTtftBucket,
  kReceiptCost, // the receipt's, so that filters on it need no join
  kReceiptLatency,
  kCacheHit,
  kFallback,
};
inline constexpr std::array<ColumnSpec, 34> kAttemptColumns = {{
    {"sequence", DUCKDB_TYPE_BIGINT},
    {"created", DUCKDB_TYPE_BIGINT},
    {"tenant", DUCKDB_TYPE_INTEGER},
    {"workflow", DUCKDB_TYPE_INTEGER},
    {"api_key", DUCKDB_TYPE_INTEGER},
    {"end_user", DUCKDB_TYPE_INTEGER},
    {"requested_model", DUCKDB_TYPE_INTEGER},
    {"error_code", DUCKDB_TYPE_INTEGER},
    {"router", DUCKDB_TYPE_INTEGER},
    {"policy", DUCKDB_TYPE_INTEGER},
    {"category", DUCKDB_TYPE_TINYINT},
    {"status", DUCKDB_TYPE_TINYINT},
    {"endpoint", DUCKDB_TYPE_TINYINT},
    {"model", DUCKDB_TYPE_INTEGER},
    {"provider", DUCKDB_TYPE_INTEGER},
    {"region", DUCKDB_TYPE_INTEGER},
    {"reason", DUCKDB_TYPE_TINYINT},
    {"failed", DUCKDB_TYPE_TINYINT},
    {"basis", DUCKDB_TYPE_TINYINT},
    {"cost", DUCKDB_TYPE_BIGINT},
    {"tokens_input", DUCKDB_TYPE_BIGINT},
    {"tokens_cache_read", DUCKDB_TYPE_BIGINT},
    {"tokens_cache_write", DUCKDB_TYPE_BIGINT},
    {"tokens_output", DUCKDB_TYPE_BIGINT},
    {"tokens_reasoning", DUCKDB_TYPE_BIGINT},
    {"tokens_other", DUCKDB_TYPE_BIGINT},
    {"latency", DUCKDB_TYPE_INTEGER},
    {"ttft", DUCKDB_TYPE_INTEGER},
    {"latency_bucket", DUCKDB_TYPE_SMALLINT},
    {"ttft_bucket", DUCKDB_TYPE_SMALLINT},
    {"receipt_cost", DUCKDB_TYPE_BIGINT},
    {"receipt_latency", DUCKDB_TYPE_INTEGER},
    {"cache_hit", DUCKDB_TYPE_TINYINT},
    {"fallback", DUCKDB_TYPE_TINYINT},
}};

enum class T : std::uint8_t { kSequence, kCreated, kKey, kValue };
inline constexpr std::array<ColumnSpec, 4> kTagColumns = {{{"sequence", DUCKDB_TYPE_BIGINT},
                                                           {"created", DUCKDB_TYPE_BIGINT},
                                                           {"key", DUCKDB_TYPE_INTEGER},
                                                           {"value", DUCKDB_TYPE_INTEGER}}};

enum class F : std::uint8_t { kTenant, kKind, kId };
inline constexpr std::array<ColumnSpec, 3> kFacetColumns = {
    {{"tenant", DUCKDB_TYPE_INTEGER}, {"kind", DUCKDB_TYPE_TINYINT}, {"id", DUCKDB_TYPE_INTEGER}}};

inline constexpr std::int64_t kNull = INT64_MIN;

/// One row of a table, by the table's enum. Values too large for a narrow column are held at its ends.
template <class Enum, size_t N>
struct TableRow {
  std::array<std::int64_t, N> values{};

  void set(Enum column, std::int64_t value) { values[static_cast<size_t>(column)] = value; }
  void set(Enum column, std::optional<std::int64_t> value) { set(column, value.value_or(kNull)); }
  /// Saturates.
  void add(Enum column, std::int64_t value) {
    std::int64_t& sum = values[static_cast<size_t>(column)];
    if (__builtin_add_overflow(sum, value, &sum)) sum = value < 0 ? -INT64_MAX : INT64_MAX;
  }
  std::int64_t operator[](Enum column) const { return values[static_cast<size_t>(column)]; }
};
using HotRow = TableRow<R, kReceiptColumns.size()>;
using AttemptRow = TableRow<A, kAttemptColumns.size()>;
using TagRow = TableRow<T, kTagColumns.size()>;
using FacetRow = TableRow<F, kFacetColumns.size()>;

} // namespace kairos::store
