// Loop: one thread, one event loop. A connection lives and dies on one loop; nothing here is shared but post().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace boost::asio {
class io_context;
}

namespace kairos::net {

/// steady_clock's time, up to a few milliseconds old: several times cheaper to ask for.
MonoTime coarse_now();

/// A deadline that a Loop looks at every few milliseconds: setting one costs a store, so hot code may set it per read.
/// Belongs to its loop's thread; must not outlive the Loop.
class Watchdog {
public:
  /// `on_expire` is called once per expiry, on the loop.
  Watchdog(class Loop& loop, std::function<void()> on_expire);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void expire_after(Duration after);
  void clear();

private:
  friend class Loop;
  Loop& loop_;
  std::function<void()> on_expire_;
  size_t slot_ = 0;
};

class Loop {
public:
  /// Deadlines are met this late at most.
  static constexpr Duration kTick = std::chrono::milliseconds(10);
  /// How long stop() waits for what was closed to end.
  static constexpr Duration kStopPatience = std::chrono::milliseconds(1000);

  explicit Loop(std::string name); // of the thread, at most 15 characters
  ~Loop();                         // stops and joins
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  /// Closes the connections of the loop's servers and clients, so that what waits on them ends, and joins. Any thread
  /// but the loop's own. What has not ended after kStopPatience is abandoned.
  void stop();
  /// Runs `work` on the loop. Thread-safe. Work posted after stop() is never run.
  void post(std::function<void()> work);
  /// The same for other threads that often have several at once: all that they hand over before the loop looks is one
  /// waking. Thread-safe. Work that is never run is destroyed with the loop.
  void hand_over(std::move_only_function<void()> work);
  /// Runs `work` on the loop after a while; on the loop's thread only.
  void after(Duration delay, std::function<void()> work);

  /// `close` is called on the loop when it stops; it ends what `owner` has waiting there. Thread-safe.
  void add_closer(const void* owner, std::function<void()> close);
  void remove_closer(const void* owner);

  boost::asio::io_context& context();
  /// Longest time between two ticks since the last call: how long the loop was busy with one thing. Thread-safe.
  Duration take_worst_lag();

private:
  friend class Watchdog;
  void tick();
  void start_ticking();
  void take_over();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Loops "NAME0", "NAME1", …, all started.
class LoopGroup {
public:
  LoopGroup(const std::string& name, size_t count);
  void stop();
  size_t size() const { return loops_.size(); }
  Loop& operator[](size_t index) { return *loops_[index]; }

private:
  std::vector<std::unique_ptr<Loop>> loops_;
};

} // namespace kairos::net
