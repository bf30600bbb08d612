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
  MonoTime deadline_ = MonoTime::max();
  size_t slot_ = 0;
};

class Loop {
public:
  /// Deadlines are met this late at most.
  static constexpr Duration kTick = std::chrono::milliseconds(10);

  explicit Loop(std::string name);
  ~Loop(); // stops and joins
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start();
  /// Stops at once, without waiting for what runs. Any thread but the loop's own.
  void stop();
  /// Runs `work` on the loop. Thread-safe.
  void post(std::function<void()> work);
  /// Runs `work` on the loop after a while; on the loop's thread only.
  void after(Duration delay, std::function<void()> work);

  boost::asio::io_context& context();
  /// Longest time between two ticks since the last call: how long the loop was busy with one thing. Thread-safe.
  Duration take_worst_lag();

private:
  friend class Watchdog;
  void tick();
  void add(Watchdog* dog);
  void remove(Watchdog* dog);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::net
