// Filters: which receipts are meant. The same ones narrow an analytics query and a receipt search, so every number of a
// view can be reached again as a list of receipts. All of them must hold; the values of one of them are alternatives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"

namespace kairos::store {

/// What receipts can be grouped and filtered by. Names on the wire: kDimensionNames; tags are "tags.<key>". Flags are
/// "true" and "false", and filtered by the fields of Filters.
enum class Dimension : std::uint8_t {
  kTime,
  kTenant,
  kWorkflow,
  kKey,
  kEndUser,
  kModel, // that executed; "" where nothing did
  kProvider,
  kRegion,
  kCategory,
  kStatus,
  kAttemptReason, // makes the query count attempts instead of receipts
  kRouterVersion,
  kPolicyVersion,
  kRequestedModel, // as asked: "auto" or a pinned id
  kErrorCode,
  kEndpoint,
  kCacheHit, // a flag
  kFallback, // a flag
  kCosted,   // a flag: the cost is known
  kTag,
};
inline constexpr std::array<std::string_view, 20> kDimensionNames = {
    "time",           "tenant",          "workflow",       "key",
    "end_user",       "model",           "provider",       "region",
    "category",       "status",          "attempt_reason", "router_version",
    "policy_version", "requested_model", "error_code",     "endpoint",
    "cache_hit",      "fallback",        "costed",         "tags"};

/// One dimension; `tag` is the tag's key for kTag, else empty.
struct DimensionRef {
  Dimension dimension = Dimension::kTenant;
  std::string tag;
  bool operator==(const DimensionRef&) const = default;
};
constexpr bool is_flag(Dimension dimension) {
  return dimension >= Dimension::kCacheHit && dimension <= Dimension::kCosted;
}
/// "model", "tags.team".
std::string name(const DimensionRef& dimension);
/// nullopt if there is no such dimension; "tags." needs a key behind it.
std::optional<DimensionRef> parse_dimension(std::string_view name);

struct ValueFilter {
  DimensionRef field; // any but kTime and flags
  std::vector<std::string> values;
  bool exclude = false; // all but these
};

struct Filters {
  std::vector<ValueFilter> values;
  std::optional<Picodollars> min_cost; // receipts of unknown cost pass neither bound
  std::optional<Picodollars> max_cost;
  std::optional<std::int64_t> min_latency_ms;
  std::optional<std::int64_t> max_latency_ms;
  std::optional<bool> cache_hit;
  std::optional<bool> fallback; // more than one model was tried
  std::optional<bool> unknown_cost;
  std::string trace_id; // 32 hex digits, or empty
  std::string
      text; // a receipt id, a trace id, or part of a name (workflow, key, user, model, provider, error), any case
};

inline constexpr size_t kMaxFilterValues = 1000;

/// Times lie between 1970 and this, the year 2100.
inline constexpr WallTime kLatestTime{std::chrono::microseconds(4'102'444'800'000'000)};

/// Half open: from ≤ created_at < to.
struct TimeRange {
  WallTime from{};
  WallTime to{};
};

} // namespace kairos::store
