// Guarded<T>: data and its mutex as one object, so that the data cannot be reached without the lock.
//   Guarded<Pool> pool_;   pool_.with([&](Pool& pool) { … });
#pragma once

#include <mutex>
#include <utility>

namespace kairos {

template <class T>
class Guarded {
public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  /// Runs f(T&) under the lock and returns what it returns. Keep f short: no I/O, no second Guarded.
  template <class F>
  decltype(auto) with(F&& f) {
    const std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(value_);
  }
  template <class F>
  decltype(auto) with(F&& f) const {
    const std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(static_cast<const T&>(value_));
  }

private:
  mutable std::mutex mutex_;
  T value_;
};

} // namespace kairos
