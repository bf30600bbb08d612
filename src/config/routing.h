// How a model is chosen: floors, weights, strategy, fallback. Meaning and formulas: docs/routing.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/policies.h"
#include "model/category.h"

namespace kairos::config {

enum class Strategy : std::uint8_t { kCheapest, kBestQuality, kBalanced };
inline constexpr std::array<std::string_view, 3> kStrategyNames = {"cheapest", "best_quality", "balanced"};
constexpr std::string_view name(Strategy v) { return kStrategyNames[static_cast<size_t>(v)]; }

/// Quality that a model must have: a share of the best allowed model's (relative), or a quality itself (absolute).
struct Floor {
  bool relative = true;
  double value = 0.9;
};

struct Weights {
  double quality = 0.5;
  double cost = 0.3;
  double latency = 0.2;
};

struct Fallback {
  std::int64_t max_attempts = 3; // the first one included
};

struct Routing {
  Strategy strategy = Strategy::kCheapest;
  std::array<Floor, model::kCategoryCount> floors{};
  Weights weights; // sum 1
  Fallback fallback;
  std::int64_t default_max_output_tokens = 4096;
  std::int64_t min_clamped_output_tokens = 64; // a budget that clamps shrinks answers to this, not below
  /// Length of an answer that estimates assume, where the request does not bound it lower.
  std::array<std::int64_t, model::kCategoryCount> expected_output_tokens{700, 900, 700, 200, 300, 700, 300, 500};
  bool allow_unpriced = false;      // let models without a known price serve requests under a hard cap
  std::vector<RewriteRule> rewrite; // in the order in which they are applied
};

} // namespace kairos::config
