// Read-only pictures of the changing world that the pure routing decision is given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "model/enums.h"

namespace kairos::model {

/// How one model at one provider in one region has been doing (window: 5 minutes).
struct TargetHealth {
  bool available = true;                   // false: the circuit breaker is open
  std::int64_t requests = 0;               // that ended, well or not
  std::int64_t failures = 0;               // of these
  std::optional<std::int64_t> ttft_p50_ms; // of streams: to the first content
  std::optional<std::int64_t> ttft_p75_ms;
  std::optional<std::int64_t> ttft_p95_ms;
  std::optional<std::int64_t> latency_p50_ms;
  std::optional<std::int64_t> latency_p75_ms;
  std::optional<std::int64_t> latency_p95_ms;
  std::optional<double> tokens_per_second;
  std::optional<double> input_ratio; // input tokens billed per token estimated, learnt from usage (not of the window)
};

/// Immutable once handed out; keyed by "provider/model/region" (target_key). What is not in it is healthy and
/// unmeasured.
struct Health {
  std::map<std::string, TargetHealth, std::less<>> targets;
  const TargetHealth* find(std::string_view key) const {
    const auto found = targets.find(key);
    return found == targets.end() ? nullptr : &found->second;
  }
};
inline std::string target_key(std::string_view provider, std::string_view model, std::string_view region) {
  std::string key(provider);
  return key.append("/").append(model).append("/").append(region);
}

/// What is left (cap − spent − held) of one budget that applies to the request.
struct BudgetHeadroom {
  std::string budget_id;
  std::string model_id; // empty: for every model; else this budget binds only that one
  Picodollars remaining;
  OnExceed on_exceed = OnExceed::kRefuse;
};
struct Budgets {
  std::vector<BudgetHeadroom> headrooms;
  bool hard_cap() const { return !headrooms.empty(); }
};

} // namespace kairos::model
