#include "store/retention_keeper.h"

#include <condition_variable>
#include <mutex>

#include "observe/log.h"

namespace kairos::store {
namespace {

constexpr std::chrono::minutes kMostTime{5}; // for one tenant's turn; the next turn goes on

} // namespace

RetentionKeeper::RetentionKeeper(ReceiptStore& store, Rules rules, const Clock& clock,
                                 std::chrono::milliseconds interval)
    : store_(store), rules_(std::move(rules)), clock_(clock), interval_(interval),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

RetentionKeeper::~RetentionKeeper() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void RetentionKeeper::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any paused;
  while (!stop.stop_requested()) {
    for (const RetentionRule& rule : rules_()) {
      if (stop.stop_requested()) return;
      apply(rule, stop);
    }
    std::unique_lock lock(mutex);
    paused.wait_for(lock, stop, interval_, [] { return false; });
  }
}

void RetentionKeeper::apply(const RetentionRule& rule, const std::stop_token& stop) {
  const WallTime before = clock_.wall_now() - std::chrono::duration_cast<std::chrono::microseconds>(rule.keep);
  const auto dropped = store_.drop_receipts(rule.tenant, before, {kMostTime, stop});
  if (!dropped && dropped.error().code == Code::kCancelled) return;
  if (!dropped) {
    observe::log_warn("store", "dropping receipts past their retention failed; it is tried again",
                      {{"tenant", rule.tenant}, {"error", dropped.error().message}});
  } else if (*dropped > 0) {
    observe::log_info("store", "dropped receipts past their retention",
                      {{"tenant", rule.tenant}, {"receipts", *dropped}, {"before", to_rfc3339(before)}});
  }
}

} // namespace kairos::store
