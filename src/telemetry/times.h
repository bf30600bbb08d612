// Times as exporters and metrics use them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace kairos::telemetry {

/// The machine's steady clock: what is awaited here are other machines, so no test sets it.
inline MonoTime now() { return std::chrono::steady_clock::now(); }

/// A receipt's milliseconds as metrics tell them; below 0 (an odd clock) counts as 0.
inline double seconds_of(std::int64_t ms) { return static_cast<double>(std::max<std::int64_t>(0, ms)) / 1000; }

} // namespace kairos::telemetry
