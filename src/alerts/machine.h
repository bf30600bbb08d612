// The state machine of alerts: (rule, what it was, readings, now) → what it is, and what happened. Pure. Per group of a
// rule: quiet → pending → firing → quiet.
//
// Time that a condition has held is added up from step to step, at most twice the rule's own pace at once: neither a
// clock that jumps, nor hours in which the process was not running, can make `for` pass.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alerts/rule.h"

namespace kairos::alerts {

enum class Phase : std::uint8_t { kQuiet, kPending, kFiring };

/// One group. Quiet ones are forgotten, but for rules that watch for missing data.
struct Instance {
  Labels labels;
  Labels details;
  Phase phase = Phase::kQuiet;
  std::string epoch;
  std::string incident; // id of this firing; empty before
  WallTime since{};     // the condition first held
  WallTime fired{};
  WallTime seen{};      // last step
  Duration held{};      // how long the condition has held
  Duration calm{};      // how long it has been clear, while firing
  bool missing = false; // no data, or too little
  std::optional<Level> value;
  std::optional<Level> worst;
  std::int64_t samples = 0;
  std::optional<WallTime> notified; // a message was made, and when
  std::string acknowledged_by;
  WallTime acknowledged{};
};

/// Of one rule: its groups by group_key.
struct RuleState {
  std::string identity; // Rule::identity
  std::map<std::string, Instance> groups;
};

enum class Change : std::uint8_t {
  kFired,
  kReminded, // still firing: repeat interval, or a mute that ended
  kResolved,
};

struct Transition {
  Change change = Change::kFired;
  std::string key;     // group_key
  Instance instance;   // as it is now; as it was last, if resolved
  bool notify = false; // false: muted, or nobody was told of the beginning
  std::string why;     // of a resolution
};

/// Whether messages of this group are held back at `now`.
using Muted = std::function<bool(const Labels& labels)>;

/// Steps every group of the rule. `now` may lie before the last step.
std::vector<Transition> step(const Rule& rule, RuleState& state, std::span<const Reading> readings, WallTime now,
                             const Muted& muted);

/// Everything that fires is over: the rule is gone, disabled or measures something else now.
std::vector<Transition> close_all(RuleState& state, WallTime now, std::string_view why);

/// Is `now` in one of the rule's mute windows?
bool in_mute_window(const config::AlertRule& rule, WallTime now);

} // namespace kairos::alerts
