// Believable receipts of days gone by, for the demo: office hours and nights, weekends, growth, workflows with habits of
// their own, a provider's bad afternoon, caching. Values only, in order of completion; the caller keeps them. Seeded.
// Everything in them is simulated, models included; costs follow from the prices given here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "model/receipt.h"

namespace kairos::sim {

struct HistoryModel {
  std::string model_id;
  std::string provider;
  std::string region;
  UnitPrice input;
  UnitPrice cache_read;
  UnitPrice output;
  double quality = 0.7; // 0 to 1
};

struct HistoryOptions {
  WallTime until{}; // the last receipt completes before this
  int days = 30;
  double per_day = 1500; // requests on an ordinary working day, at the end
  std::uint64_t seed = 1;
  std::string node_id;
  std::string price_version;
  std::string router_version;
  std::string policy_version;
  std::vector<HistoryModel> models; // at least one
  std::vector<std::string> tenants = {"acme"};
  std::string baseline_model_id; // empty: no savings
};

/// Calls `take` for each; stops early when it returns false. Returns how many were taken.
std::int64_t make_history(const HistoryOptions& options, const std::function<bool(model::Receipt&&)>& take);

} // namespace kairos::sim
