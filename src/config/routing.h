// How a model is chosen: floors, weights, strategy, fallback. Meaning and formulas: docs/routing.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/policies.h"
#include "model/category.h"

namespace kairos::config {

/// The first three are orders of the chain; the others say how a chain is used, and go by an order too.
enum class Strategy : std::uint8_t { kCheapest, kBestQuality, kBalanced, kSingle, kCascade, kHedge };
inline constexpr std::array<std::string_view, 6> kStrategyNames = {"cheapest", "best_quality", "balanced",
                                                                   "single",   "cascade",      "hedge"};
constexpr std::string_view name(Strategy v) { return kStrategyNames[static_cast<size_t>(v)]; }
inline constexpr std::array<std::string_view, 3> kOrderNames = {"cheapest", "best_quality", "balanced"};

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
  bool on_context_window = true; // another target may take what was too long for this one
  bool on_content_policy = true; // … or what this one refused for its content
};

/// After which of a target's usual times to its first content a second one is asked too.
enum class HedgeAfter : std::uint8_t { kP50, kP75, kP95 };
inline constexpr std::array<std::string_view, 3> kHedgeAfterNames = {"p50", "p75", "p95"};
struct Hedge {
  HedgeAfter after = HedgeAfter::kP95;
  Duration least = std::chrono::milliseconds(50); // never sooner
  Duration unmeasured = std::chrono::seconds(3);  // where too little is known
  double most_share = 0.1;                        // of requests that may be hedged, over a while
};

/// What makes a cascade ask the next better model; whole answers only.
struct Cascade {
  bool on_length = true;            // cut off at its output bound
  bool on_refusal = true;           // the model or its filter refused
  bool on_empty = true;             // neither text nor a tool call
  bool on_bad_json = true;          // JSON was asked for, and it is none
  std::vector<std::string> phrases; // lower case; found in the answer whatever its case
};

/// What becomes of an answer whose client left.
enum class OnClientGone : std::uint8_t {
  kCancel, // the provider is hung up on; what came is counted
  kDrain,  // it is read to its end, so that the cost is the provider's own figure
};
inline constexpr std::array<std::string_view, 2> kOnClientGoneNames = {"cancel", "drain"};

struct Routing {
  Strategy strategy = Strategy::kCheapest;
  Strategy order = Strategy::kCheapest; // one of the first three; the strategy itself, where it is one of them
  std::array<Floor, model::kCategoryCount> floors{};
  Weights weights; // sum 1
  Fallback fallback;
  Hedge hedge;     // of the strategy `hedge`
  Cascade cascade; // of the strategy `cascade`
  OnClientGone on_client_gone = OnClientGone::kCancel;
  Duration drain_time = std::chrono::seconds(30); // at most, after the client left
  std::int64_t default_max_output_tokens = 4096;
  std::int64_t min_clamped_output_tokens = 64; // a budget that clamps shrinks answers to this, not below
  /// Length of an answer that estimates assume, where the request does not bound it lower.
  std::array<std::int64_t, model::kCategoryCount> expected_output_tokens{700, 900, 700, 200, 300, 700, 300, 500};
  bool allow_unpriced = false;      // let models without a known price serve requests under a hard cap
  std::vector<RewriteRule> rewrite; // in the order in which they are applied
};

} // namespace kairos::config
