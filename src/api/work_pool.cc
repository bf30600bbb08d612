#include "api/work_pool.h"

namespace kairos::api {

WorkPool::WorkPool(size_t workers, size_t most_waiting) : most_waiting_(most_waiting) {
  const std::scoped_lock lock(mutex_); // nobody looks at threads_ before all of them are there
  for (size_t i = 0; i < std::max<size_t>(2, workers); ++i) threads_.emplace_back([this] { work(); });
}

WorkPool::~WorkPool() { stop(); }

bool WorkPool::submit(Urgency urgency, Job job) {
  {
    const std::scoped_lock lock(mutex_);
    auto& queue = urgency == Urgency::kInteractive ? interactive_ : exports_;
    if (stopped_ || queue.size() >= most_waiting_) return false;
    queue.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

size_t WorkPool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return interactive_.size() + exports_.size();
}

void WorkPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !interactive_.empty() || may_export(); });
    const bool exporting = interactive_.empty() && !exports_.empty();
    if (interactive_.empty() && !exporting) return; // stopped
    auto& queue = exporting ? exports_ : interactive_;
    Job job = std::move(queue.front());
    queue.pop_front();
    exporting_ += exporting ? 1 : 0;
    lock.unlock();
    job();
    job = nullptr; // what it holds goes before the lock comes back
    lock.lock();
    exporting_ -= exporting ? 1 : 0;
    if (exporting) changed_.notify_one(); // another export may have waited for this one
  }
}

} // namespace kairos::api
