#include "net/loop.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <map>
#include <mutex>
#include <semaphore>
#include <thread>

namespace kairos::net {

namespace asio = boost::asio;

MonoTime coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now); // the same zero as steady_clock
  return MonoTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

struct Loop::Impl {
  explicit Impl(std::string thread_name)
      : name(std::move(thread_name)), context(1), work(asio::make_work_guard(context)), ticker(context) {}

  /// Deadlines lie side by side, so that a tick over thousands of connections touches little memory.
  struct Slot {
    MonoTime deadline;
    Watchdog* dog;
  };

  const std::string name;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;

  asio::steady_timer ticker; // this and what follows: the loop's thread
  bool ticking = false;
  MonoTime last_tick{};
  std::vector<Slot> slots;
  size_t armed = 0;

  std::atomic<std::int64_t> worst_lag_ns{0};
  std::binary_semaphore finished{0};
  std::mutex closers_mutex;
  std::map<const void*, std::function<void()>> closers;
  std::mutex inbox_mutex;
  std::vector<std::move_only_function<void()>> inbox;
  std::vector<std::move_only_function<void()>> taken; // the loop's thread: keeps the memory of the last inbox
  std::thread thread;
};

Loop::Loop(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {}
Loop::~Loop() { stop(); }

void Loop::start() {
  impl_->thread = std::thread([this] {
    pthread_setname_np(pthread_self(), impl_->name.substr(0, 15).c_str());
    impl_->context.run();
    impl_->finished.release();
  });
}

void Loop::stop() {
  if (!impl_->thread.joinable()) return;
  post([this] {
    std::map<const void*, std::function<void()>> closers;
    {
      const std::lock_guard lock(impl_->closers_mutex);
      closers = impl_->closers;
    }
    for (const auto& [owner, close] : closers) close();
    impl_->work.reset();
  });
  if (!impl_->finished.try_acquire_for(kStopPatience)) impl_->context.stop();
  impl_->thread.join();
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void Loop::hand_over(std::move_only_function<void()> work) {
  {
    const std::scoped_lock lock(impl_->inbox_mutex);
    impl_->inbox.push_back(std::move(work));
    if (impl_->inbox.size() > 1) return; // whoever came first has woken the loop
  }
  asio::post(impl_->context, [this] { take_over(); });
}

void Loop::take_over() {
  auto& taken = impl_->taken;
  {
    const std::scoped_lock lock(impl_->inbox_mutex);
    taken.swap(impl_->inbox);
  }
  for (auto& work : taken) work();
  taken.clear();
}

void Loop::after(Duration delay, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->context, delay);
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code error) {
    if (!error) work();
  });
}

void Loop::add_closer(const void* owner, std::function<void()> close) {
  const std::lock_guard lock(impl_->closers_mutex);
  impl_->closers[owner] = std::move(close);
}

void Loop::remove_closer(const void* owner) {
  const std::lock_guard lock(impl_->closers_mutex);
  impl_->closers.erase(owner);
}

asio::io_context& Loop::context() { return impl_->context; }

Duration Loop::take_worst_lag() { return Duration(impl_->worst_lag_ns.exchange(0)); }

// One timer for all deadlines of the loop; it sleeps while there is none.
void Loop::tick() {
  const MonoTime now = std::chrono::steady_clock::now();
  const std::int64_t lag = std::chrono::nanoseconds(now - impl_->last_tick - kTick).count();
  if (lag > impl_->worst_lag_ns.load(std::memory_order_relaxed)) {
    impl_->worst_lag_ns.store(lag, std::memory_order_relaxed);
  }
  for (size_t i = 0; i < impl_->slots.size(); ++i) { // by index: an expiry may remove watchdogs, or add some
    if (impl_->slots[i].deadline > now) continue;
    Watchdog* dog = impl_->slots[i].dog;
    dog->clear();
    dog->on_expire_();
  }
  impl_->ticking = false;
  if (impl_->armed > 0) start_ticking();
}

void Loop::start_ticking() {
  if (std::exchange(impl_->ticking, true)) return;
  impl_->last_tick = std::chrono::steady_clock::now();
  impl_->ticker.expires_after(kTick);
  impl_->ticker.async_wait([this](boost::system::error_code error) {
    if (!error) tick();
  });
}

Watchdog::Watchdog(Loop& loop, std::function<void()> on_expire) : loop_(loop), on_expire_(std::move(on_expire)) {
  slot_ = loop_.impl_->slots.size();
  loop_.impl_->slots.push_back({MonoTime::max(), this});
}

Watchdog::~Watchdog() {
  clear();
  auto& slots = loop_.impl_->slots;
  slots[slot_] = slots.back();
  slots[slot_].dog->slot_ = slot_;
  slots.pop_back();
}

void Watchdog::expire_after(Duration after) {
  MonoTime& deadline = loop_.impl_->slots[slot_].deadline;
  if (deadline == MonoTime::max()) ++loop_.impl_->armed;
  deadline = coarse_now() + after;
  loop_.start_ticking();
}

void Watchdog::clear() {
  MonoTime& deadline = loop_.impl_->slots[slot_].deadline;
  if (deadline == MonoTime::max()) return;
  deadline = MonoTime::max();
  --loop_.impl_->armed;
}

LoopGroup::LoopGroup(const std::string& name, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<Loop>(name + std::to_string(i)));
    loops_.back()->start();
  }
}

void LoopGroup::stop() {
  for (auto& loop : loops_) loop->stop();
}

} // namespace kairos::net
