// BoundedQueue<T>: many producers, one consumer that takes everything at once. Bounded by count; a full queue refuses,
// it never grows and never blocks the producer. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace kairos {

template <class T>
class BoundedQueue {
public:
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

  /// False (and counted in refused()) if the queue is full or closed; `item` is then untouched.
  bool push(T&& item) {
    bool was_empty = false;
    {
      const std::scoped_lock lock(mutex_);
      if (closed_ || items_.size() >= capacity_) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return false;
      }
      was_empty = items_.empty();
      items_.push_back(std::move(item));
    }
    if (was_empty) not_empty_.notify_one();
    return true;
  }

  /// Waits until there is something, the queue is closed, or the timeout passes; swaps everything into `into`
  /// (emptied first). False once closed and empty.
  bool take_all(std::vector<T>& into, std::chrono::nanoseconds timeout) {
    into.clear();
    std::unique_lock lock(mutex_);
    not_empty_.wait_for(lock, timeout, [this] { return closed_ || !items_.empty(); });
    into.swap(items_);
    return !(closed_ && into.empty());
  }

  /// Later pushes are refused; the consumer still gets what is there.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
  }

  size_t size() const {
    const std::scoped_lock lock(mutex_);
    return items_.size();
  }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

private:
  const size_t capacity_;
  std::atomic<std::uint64_t> refused_{0};
  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::vector<T> items_;
  bool closed_ = false;
};

} // namespace kairos
