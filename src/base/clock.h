// Time comes in through Clock. Two types, so that a wall-clock time cannot be used for an interval:
// WallTime (UTC, microseconds, may step) dates things; MonoTime (nanoseconds, never steps back) measures them.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using MonoTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

/// Thread-safe.
class Clock {
public:
  virtual ~Clock() = default;
  virtual WallTime wall_now() const = 0;
  virtual MonoTime mono_now() const = 0;
};

class SystemClock final : public Clock {
public:
  WallTime wall_now() const override;
  MonoTime mono_now() const override;
};

/// For tests: stands still until told otherwise. Both times move together, but for step_wall.
class FakeClock final : public Clock {
public:
  explicit FakeClock(WallTime start) : wall_(start) {}
  WallTime wall_now() const override;
  MonoTime mono_now() const override;
  void advance(Duration by);
  /// An operator or NTP sets the clock: wall time jumps (backwards too), monotonic time does not.
  void step_wall(Duration by);

private:
  mutable std::mutex mutex_;
  WallTime wall_;
  MonoTime mono_{};
};

/// "2026-04-24T13:07:42.318004Z": RFC 3339, UTC, always six decimals.
std::string to_rfc3339(WallTime time);
/// Accepts RFC 3339 with any number of decimals (cut after six) and any offset; "2026-04-24" means midnight UTC.
Result<WallTime> parse_rfc3339(std::string_view text);

} // namespace kairos
