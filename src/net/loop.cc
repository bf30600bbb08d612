#include "net/loop.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace kairos::net {

namespace asio = boost::asio;

struct Loop::Impl {
  explicit Impl(std::string thread_name)
      : name(std::move(thread_name)), context(1), work(asio::make_work_guard(context)), ticker(context) {}

  const std::string name;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer ticker;
  bool ticking = false;
  MonoTime last_tick{};
  std::vector<Watchdog*> dogs;
  size_t armed = 0;
  std::atomic<std::int64_t> worst_lag_ns{0};
  std::thread thread;
};

Loop::Loop(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {}
Loop::~Loop() { stop(); }

void Loop::start() {
  impl_->thread = std::thread([this] {
    pthread_setname_np(pthread_self(), impl_->name.substr(0, 15).c_str());
    impl_->context.run();
  });
}

void Loop::stop() {
  impl_->work.reset();
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void Loop::after(Duration delay, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->context, delay);
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code error) {
    if (!error) work();
  });
}

asio::io_context& Loop::context() { return impl_->context; }

Duration Loop::take_worst_lag() { return Duration(impl_->worst_lag_ns.exchange(0)); }

// One timer for all deadlines of the loop; it sleeps while there is none.
void Loop::tick() {
  const MonoTime now = std::chrono::steady_clock::now();
  const std::int64_t lag = std::chrono::nanoseconds(now - impl_->last_tick - kTick).count();
  if (lag > impl_->worst_lag_ns.load(std::memory_order_relaxed)) impl_->worst_lag_ns.store(lag, std::memory_order_relaxed);
  impl_->last_tick = now;
  for (size_t i = 0; i < impl_->dogs.size(); ++i) { // by index: an expiry may remove watchdogs, or add some
    Watchdog* dog = impl_->dogs[i];
    if (dog->deadline_ > now) continue;
    dog->clear();
    dog->on_expire_();
  }
  impl_->ticking = impl_->armed > 0;
  if (!impl_->ticking) return;
  impl_->ticker.expires_after(kTick);
  impl_->ticker.async_wait([this](boost::system::error_code error) {
    if (!error) tick();
  });
}

void Loop::add(Watchdog* dog) {
  dog->slot_ = impl_->dogs.size();
  impl_->dogs.push_back(dog);
}

void Loop::remove(Watchdog* dog) {
  impl_->dogs[dog->slot_] = impl_->dogs.back();
  impl_->dogs[dog->slot_]->slot_ = dog->slot_;
  impl_->dogs.pop_back();
}

Watchdog::Watchdog(Loop& loop, std::function<void()> on_expire) : loop_(loop), on_expire_(std::move(on_expire)) { loop_.add(this); }

Watchdog::~Watchdog() {
  clear();
  loop_.remove(this);
}

void Watchdog::expire_after(Duration after) {
  if (deadline_ == MonoTime::max()) ++loop_.impl_->armed;
  deadline_ = std::chrono::steady_clock::now() + after;
  if (loop_.impl_->ticking) return;
  loop_.impl_->ticking = true;
  loop_.impl_->last_tick = std::chrono::steady_clock::now();
  loop_.impl_->ticker.expires_after(Loop::kTick);
  loop_.impl_->ticker.async_wait([&loop = loop_](boost::system::error_code error) {
    if (!error) loop.tick();
  });
}

void Watchdog::clear() {
  if (deadline_ == MonoTime::max()) return;
  deadline_ = MonoTime::max();
  --loop_.impl_->armed;
}

} // namespace kairos::net
