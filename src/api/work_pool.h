// The API's worker threads. What a person waits for goes before exports, and exports never have all workers, so that a
// long one cannot make the dashboard wait. Bounded: a full queue refuses. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "net/async.h"

namespace kairos::api {

enum class Urgency : std::uint8_t { kInteractive, kExport };

class WorkPool {
public:
  using Job = std::move_only_function<void()>;

  /// At least two workers.
  explicit WorkPool(size_t workers = 2, size_t most_waiting = 1000);
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// False, and `job` is not run, if too much waits already or the pool has stopped.
  bool submit(Urgency urgency, Job job);
  /// Jobs that no worker has taken yet.
  size_t waiting() const;
  /// Runs what waits, then joins; later submissions are refused.
  void stop();

private:
  void work();
  bool may_export() const { return !exports_.empty() && exporting_ + 1 < threads_.size(); }

  const size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> interactive_;
  std::deque<Job> exports_;
  size_t exporting_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

/// Runs `make` on a worker and resumes the coroutine on its own loop with the result; `refused` where the pool is full.
template <class T>
net::Task<T> on_worker(WorkPool& pool, boost::asio::any_io_executor executor, Urgency urgency, std::function<T()> make,
                       T refused) {
  using Deliver = std::move_only_function<void(T)>;
  std::move_only_function<void(Deliver)> start = [&pool, urgency, work = std::move(make),
                                                  &refused](Deliver deliver) mutable {
    auto shared = std::make_shared<Deliver>(std::move(deliver));
    WorkPool::Job job = [work = std::move(work), shared] { (*shared)(work()); };
    if (!pool.submit(urgency, std::move(job))) (*shared)(std::move(refused));
  };
  auto waiting = net::await_from_thread<T>(executor, std::move(start));
  co_return co_await std::move(waiting);
}

} // namespace kairos::api
