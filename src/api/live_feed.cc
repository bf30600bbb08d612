#include "api/live_feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/live_filter.h"
#include "api/receipt_json.h"
#include "model/receipt_json.h"
#include "observe/log.h"
#include "observe/threads.h"

namespace kairos::api {
namespace {

constexpr size_t kBatch = 256;                        // records between two rounds of waking
constexpr size_t kMostLookedAt = 2048;                // items of the ring per take(), so that the lock is held shortly
constexpr auto kRest = std::chrono::milliseconds(10); // between rounds: at most 100 wake-ups a second for each watcher
constexpr auto kWait = std::chrono::milliseconds(500);

} // namespace

LiveFeed::LiveFeed(std::shared_ptr<const journal::Reader> journal, LiveOptions options)
    : journal_(std::move(journal)), options_(options), thread_([this](const std::stop_token& stop) { run(stop); }) {}

LiveFeed::~LiveFeed() { stop(); }

Result<LiveFeed::Joined> LiveFeed::join(net::Loop& loop, const store::Scope& scope) {
  auto watcher = std::make_shared<Watcher>(loop);
  watcher->tenant_ = scope.tenant_id();
  const std::scoped_lock lock(mutex_);
  const auto alike = static_cast<size_t>(
      std::ranges::count_if(watchers_, [&](const WatcherPtr& other) { return other->tenant_ == watcher->tenant_; }));
  if (ended_) return fail(Code::kCancelled, "the server is stopping");
  if (watchers_.size() >= options_.most_watchers || (watcher->tenant_ && alike >= options_.most_per_tenant)) {
    return fail(Code::kRateLimited, "too many live streams are open: close one, or share one per browser tab");
  }
  if (watchers_.empty()) {
    position_ = journal_->end(); // nothing was followed while nobody watched
    ring_.clear();
    ++epoch_;
  }
  watcher->next_ = count_ + 1;
  watcher->seen_ = fed(watcher->tenant_);
  watchers_.insert(watcher);
  joined_.notify_all();
  return Joined{watcher, position_};
}

void LiveFeed::leave(const WatcherPtr& watcher) {
  const std::scoped_lock lock(mutex_);
  watchers_.erase(watcher);
}

std::uint64_t LiveFeed::fed(const std::optional<std::string>& tenant) const {
  if (!tenant) return count_;
  const auto found = count_by_tenant_.find(*tenant);
  return found == count_by_tenant_.end() ? 0 : found->second;
}

bool LiveFeed::rewind(Watcher& watcher, std::string_view receipt_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(
      ring_, [&](const auto& item) { return item->receipt.receipt_id == receipt_id && concerns(*item, watcher); });
  if (found == ring_.end()) return false;
  watcher.next_ = (*found)->ordinal + 1;
  watcher.seen_ = ordinal_of(**found, watcher);
  return true;
}

LiveBatch LiveFeed::take(Watcher& watcher, size_t most) {
  LiveBatch batch;
  const std::scoped_lock lock(mutex_);
  watcher.woken_ = false;
  batch.ended = ended_;
  const std::uint64_t oldest = count_ + 1 - ring_.size();
  watcher.next_ = std::max(watcher.next_, oldest);
  size_t looked_at = 0;
  for (; watcher.next_ <= count_ && batch.items.size() < most && looked_at < kMostLookedAt;
       ++watcher.next_, ++looked_at) {
    const auto& item = ring_[watcher.next_ - oldest];
    if (!concerns(*item, watcher)) continue;
    if (batch.items.empty()) batch.dropped = ordinal_of(*item, watcher) - 1 - watcher.seen_;
    watcher.seen_ = ordinal_of(*item, watcher);
    batch.items.push_back(item);
  }
  batch.more = watcher.next_ <= count_;
  return batch;
}

/// Moves on behind the record; its receipt, if it is one, becomes the newest of the ring.
void LiveFeed::push(const journal::Entry& entry, std::uint64_t epoch) {
  auto receipt = entry.kind == journal::Kind::kClose && !entry.erased ? model::receipt_from_json(entry.payload)
                                                                      : fail(Code::kNotFound, "");
  auto item = std::make_shared<LiveItem>();
  if (receipt) {
    model::JsonWriter json(item->row);
    write_row(json, row_of(*receipt));
    item->receipt = std::move(*receipt);
  }
  const std::scoped_lock lock(mutex_);
  if (epoch_ != epoch) return;
  position_ = entry.next;
  if (!receipt) return; // another kind of record, or damage that `kairosroute verify` names
  item->ordinal = ++count_;
  item->ordinal_in_tenant = ++count_by_tenant_[item->receipt.tenant];
  ring_.push_back(std::move(item));
  if (ring_.size() > options_.ring) ring_.pop_front();
}

void LiveFeed::wake_all() {
  const std::scoped_lock lock(mutex_);
  for (const WatcherPtr& watcher : watchers_) {
    // A tenant's watcher sleeps through the others' receipts.
    if (watcher->woken_ || (!ended_ && fed(watcher->tenant_) == watcher->seen_)) continue;
    watcher->woken_ = true;
    watcher->loop.post([watcher] { watcher->news.notify(); });
  }
}

/// False: nothing more for now.
bool LiveFeed::read_some(journal::Cursor& cursor, journal::Entry& entry, std::uint64_t epoch) {
  for (size_t i = 0; i < kBatch; ++i) {
    const auto more = cursor.next(entry);
    if (!more && more.error().code == Code::kCorrupt && cursor.skip_damage()) continue;
    if (!more) {
      observe::log_warn("live", more.error().message);
      cursor = journal::Cursor(journal_, journal_->end());
      cursor.skip_open_payloads();
      return false;
    }
    if (!*more) return false;
    push(entry, epoch);
  }
  return true;
}

std::optional<LiveFeed::Start> LiveFeed::wait_for_watchers(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  joined_.wait(lock, stop, [this] { return !watchers_.empty(); });
  if (stop.stop_requested()) return std::nullopt;
  return Start{position_, epoch_};
}

void LiveFeed::run(const std::stop_token& stop) {
  observe::name_this_thread("kr-live");
  observe::give_way_to_requests();
  journal::Entry entry;
  while (const auto start = wait_for_watchers(stop)) {
    journal::Cursor cursor(journal_, start->from);
    cursor.skip_open_payloads();
    bool watched = true;
    while (watched && !stop.stop_requested()) {
      const bool more = read_some(cursor, entry, start->epoch);
      wake_all();
      if (!more) cursor.wait_for_more(kWait, stop);
      if (more) std::this_thread::sleep_for(kRest);
      const std::scoped_lock lock(mutex_);
      watched = !watchers_.empty() && epoch_ == start->epoch;
    }
  }
}

std::optional<journal::Position> LiveFeed::place() const {
  const std::scoped_lock lock(mutex_);
  return watchers_.empty() ? std::nullopt : std::optional(position_);
}

void LiveFeed::end_streams() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  wake_all();
}

void LiveFeed::stop() {
  end_streams();
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

} // namespace kairos::api
