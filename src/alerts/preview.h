// What a rule would have done over the last seven days: the same evaluation and the same state machine, stepped over
// the past. Steps are half a window apart, at least half an hour, so that a preview asks the store a few hundred short
// questions at most; a breach shorter than a step can be missed, and `step_s` says how long one is.
#pragma once

#include <functional>
#include <string>

#include "alerts/evaluation.h"

namespace kairos::alerts {

/// kInvalid for a rule that cannot be, or whose signal has no past (budgets, lag, provider_health); kTimeout after 20
/// s.
Result<std::string> preview_json(const config::AlertRule& spec, const Inputs& inputs, WallTime end,
                                 const std::function<MonoTime()>& mono_now);

} // namespace kairos::alerts
