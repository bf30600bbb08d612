#include "journal/writer_core.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <future>

#include "journal/checkpoint.h"
#include "journal/cursor_file.h"

namespace kairos::journal {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxGroupBytes = 4u << 20;
constexpr size_t kRecordCost = sizeof(Record) + 64; // of a queued record beside its payload
constexpr std::chrono::seconds kIdle{3600};

bool is_checkpoint(const Pending& pending) {
  return !pending.records.empty() && pending.records.front().kind == Kind::kCheckpoint;
}

} // namespace

void Pending::complete(Result<std::vector<Appended>> result) {
  if (auto* batch = std::get_if<BatchCompletion>(&done)) {
    if (*batch) (*batch)(std::move(result));
    return;
  }
  auto& one = std::get<Completion>(done);
  if (!one) return;
  if (result)
    one(result->front());
  else
    one(std::unexpected(std::move(result.error())));
}

Writer::Core::Core(FileSystem& files, WriterOptions options, const Recovered& recovered)
    : files_(files), options_(std::move(options)),
      reader_(std::make_shared<Reader>(files, options_.data_dir, recovered.end)),
      appender_(files, options_.data_dir, options_.segment_bytes, recovered) {
  if (recovered.checkpoint) {
    checkpoint = recovered.checkpoint;
    checkpoint->payload.clear();
  }
}

Writer::Core::~Core() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  not_empty_.notify_all();
  if (thread_.joinable()) thread_.join();
  reader_->close();
}

Result<> Writer::Core::start() {
  if (auto done = appender_.start(); !done) return done;
  last_sync_ = last_probe_ = steady_clock::now();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "journal");
  return {};
}

Result<> Writer::Core::push(Pending pending, bool always) {
  if (poisoned_.load(std::memory_order_acquire)) return health();
  const size_t cost = pending.bytes + pending.records.size() * kRecordCost;
  bool was_empty = false;
  {
    const std::scoped_lock lock(mutex_);
    const bool full = queued_records_ + pending.records.size() > options_.max_queued_records ||
                      queued_bytes_ + cost > options_.max_queued_bytes;
    if (full && !always) {
      counters_.refused.fetch_add(pending.records.size(), std::memory_order_relaxed);
      return fail(Code::kIo,
                  fmt::format("the journal is behind: {} records ({} bytes) wait to be written; try again later",
                              queued_records_, queued_bytes_));
    }
    queued_records_ += pending.records.size();
    queued_bytes_ += cost;
    was_empty = queue_.empty();
    queue_.push_back(std::move(pending));
  }
  if (was_empty) not_empty_.notify_one();
  return {};
}

Result<std::vector<Appended>> Writer::Core::call(std::vector<Record> records) {
  std::promise<Result<std::vector<Appended>>> promise;
  auto answer = promise.get_future();
  Pending pending{.records = std::move(records), .done = {}, .sync = true};
  for (const auto& record : pending.records) pending.bytes += record.payload.size();
  pending.done =
      BatchCompletion([&promise](Result<std::vector<Appended>> result) { promise.set_value(std::move(result)); });
  if (auto pushed = push(std::move(pending), true); !pushed) return std::unexpected(pushed.error());
  return answer.get();
}

void Writer::Core::run() {
  std::vector<Pending> items;
  while (take(items)) {
    process(items);
    duties();
  }
  finish();
}

bool Writer::Core::take(std::vector<Pending>& into) {
  into.clear();
  const auto wait = until_next_duty();
  std::unique_lock lock(mutex_);
  not_empty_.wait_for(lock, wait, [this] { return stop_ || !queue_.empty(); });
  into.swap(queue_);
  return !(stop_ && into.empty());
}

std::chrono::nanoseconds Writer::Core::until_next_duty() const {
  if (appender_.poisoned()) return kIdle;
  const auto now = steady_clock::now();
  std::chrono::nanoseconds wait = kIdle;
  if (appender_.unsynced_bytes() > 0)
    wait = std::min<std::chrono::nanoseconds>(wait, last_sync_ + options_.sync_interval - now);
  if (write_failed_) wait = std::min<std::chrono::nanoseconds>(wait, last_probe_ + options_.probe_interval - now);
  return std::max(wait, std::chrono::nanoseconds(0));
}

void Writer::Core::duties() {
  if (appender_.poisoned()) return;
  const auto now = steady_clock::now();
  if (appender_.unsynced_bytes() > 0 && now - last_sync_ >= options_.sync_interval) {
    if (const auto done = timed_sync(); !done) set_health(done);
  }
  if (write_failed_ && now - last_probe_ >= options_.probe_interval) {
    last_probe_ = now;
    set_health(appender_.probe());
  }
}

void Writer::Core::process(std::vector<Pending>& items) {
  for (auto& pending : items) {
    if (const auto room = make_room(pending); !room) {
      set_health(room);
      group_.push_back({&pending, {}});
      for (auto& failed : std::exchange(group_, {})) {
        counters_.failed.fetch_add(failed.pending->records.size(), std::memory_order_relaxed);
        failed.pending->complete(std::unexpected(room.error()));
      }
      continue;
    }
    group_.push_back({&pending, {}});
    appender_.encode(pending.records, group_.back().appended);
    if (is_checkpoint(pending)) finish_group(); // alone in its group: it looks at what is open as written
  }
  finish_group();
  std::uint64_t cost = 0;
  std::uint64_t records = 0;
  for (const auto& pending : items) {
    cost += pending.bytes + pending.records.size() * kRecordCost;
    records += pending.records.size();
  }
  const std::scoped_lock lock(mutex_);
  queued_bytes_ -= cost;
  queued_records_ -= records;
}

// Finishes the group, or the segment, where this batch no longer belongs into it.
Result<> Writer::Core::make_room(const Pending& pending) {
  if (appender_.poisoned()) return health();
  const bool fits = appender_.fits(pending.records.size(), pending.bytes);
  if (!fits || is_checkpoint(pending) || appender_.encoded_bytes() > kMaxGroupBytes) finish_group();
  if (appender_.poisoned()) return health();
  if (fits || pending.records.empty()) return {};
  auto done = appender_.rotate(pending.records.front().time);
  if (done) counters_.rotations.fetch_add(1, std::memory_order_relaxed);
  return done;
}

void Writer::Core::finish_group() {
  if (group_.empty()) return;
  auto group = std::exchange(group_, {});
  const bool wants_sync = options_.durability == Durability::kFsync ||
                          std::any_of(group.begin(), group.end(), [](const Encoded& one) { return one.pending->sync; });
  const Result<> done = appender_.poisoned() ? health() : write_group(wants_sync);
  set_health(done);
  if (done) reader_->publish(appender_.end());
  for (auto& one : group) {
    auto& counter = done ? counters_.appended : counters_.failed;
    counter.fetch_add(one.pending->records.size(), std::memory_order_relaxed);
    if (done) counters_.payload_bytes.fetch_add(one.pending->bytes, std::memory_order_relaxed);
    if (done)
      one.pending->complete(std::move(one.appended));
    else
      one.pending->complete(std::unexpected(done.error()));
  }
}

Result<> Writer::Core::write_group(bool wants_sync) {
  const size_t bytes = appender_.encoded_bytes();
  if (auto done = appender_.commit(); !done) return done;
  counters_.stored_bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes > 0) counters_.groups.fetch_add(1, std::memory_order_relaxed);
  return wants_sync ? timed_sync() : Result<>{};
}

Result<> Writer::Core::timed_sync() {
  if (appender_.unsynced_bytes() == 0) return {};
  const auto start = steady_clock::now();
  auto done = appender_.sync();
  last_sync_ = steady_clock::now();
  const auto took = static_cast<std::uint64_t>(duration_cast<microseconds>(last_sync_ - start).count());
  counters_.syncs.fetch_add(1, std::memory_order_relaxed);
  counters_.last_sync_us.store(took, std::memory_order_relaxed);
  counters_.max_sync_us.store(std::max(took, counters_.max_sync_us.load(std::memory_order_relaxed)),
                              std::memory_order_relaxed);
  return done;
}

void Writer::Core::set_health(const Result<>& result) {
  if (poisoned_.load(std::memory_order_relaxed)) return;
  if (result && !write_failed_) return;
  write_failed_ = !result;
  if (result) {
    trouble_.with([](auto& trouble) { trouble.reset(); });
    return;
  }
  last_probe_ = steady_clock::now();
  const bool poisoned = appender_.poisoned();
  const std::string_view what_now = poisoned ? "; the journal accepts nothing more until the process is restarted"
                                             : "; nothing of this was kept, the journal tries again";
  trouble_.with([&](auto& trouble) {
    trouble = Error{Code::kIo, fmt::format("journal: {}{}", result.error().message, what_now)};
  });
  poisoned_.store(poisoned, std::memory_order_release);
}

void Writer::Core::finish() {
  if (appender_.poisoned() || !appender_.has_segment()) return;
  if (const auto done = timed_sync(); !done) return set_health(done);
  const std::string path = fmt::format("{}/{}", journal_folder(options_.data_dir), kEndMark);
  [[maybe_unused]] const auto saved =
      CursorFile(files_, path).save(appender_.end()); // it only sharpens recovery's judgement
}

Result<> Writer::Core::health() const {
  return trouble_.with([](const auto& trouble) -> Result<> {
    if (trouble) return std::unexpected(*trouble);
    return {};
  });
}

Stats Writer::Core::stats() const {
  Stats out{.appended = counters_.appended,
            .payload_bytes = counters_.payload_bytes,
            .stored_bytes = counters_.stored_bytes,
            .groups = counters_.groups,
            .refused = counters_.refused,
            .failed = counters_.failed,
            .rotations = counters_.rotations,
            .syncs = counters_.syncs,
            .last_sync_us = counters_.last_sync_us,
            .max_sync_us = counters_.max_sync_us};
  const std::scoped_lock lock(mutex_);
  out.queued_records = queued_records_;
  out.queued_bytes = queued_bytes_;
  return out;
}

} // namespace kairos::journal
