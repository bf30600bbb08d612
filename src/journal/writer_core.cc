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
constexpr size_t kReckonedForLate = 16u << 10;      // a usual receipt, while it is not made
constexpr size_t kMostHere = 1u << 20;              // of what append_here() must have room for
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

Pending late(LateRecord record, Completion done) {
  Pending pending{
      .records = {}, .make = std::move(record.make), .done = std::move(done), .sync = false, .bytes = kReckonedForLate};
  pending.records.push_back({record.kind, record.receipt, record.time, {}, record.head, record.packing});
  return pending;
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
  unsynced_.notify_all();
  if (sync_thread_.joinable()) sync_thread_.join();
  if (thread_.joinable()) thread_.join();
  reader_->close();
}

Result<> Writer::Core::start() {
  if (auto done = appender_.start(); !done) return done;
  last_probe_ = steady_clock::now();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "journal");
  sync_thread_ = std::thread([this] { run_syncs(); });
  pthread_setname_np(sync_thread_.native_handle(), "journal-sync");
  return {};
}

Result<> Writer::Core::push(Pending&& pending, bool always, bool wakes) {
  if (poisoned_.load(std::memory_order_acquire)) return health();
  const size_t cost = pending.bytes + pending.records.size() * kRecordCost;
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
    queue_.push_back(std::move(pending));
  }
  if (wakes) wake();
  return {};
}

void Writer::Core::wake() {
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.empty() || std::exchange(woken_, true)) return;
  }
  not_empty_.notify_one();
}

Result<std::vector<Appended>> Writer::Core::call(std::vector<Record> records) {
  std::promise<Result<std::vector<Appended>>> promise;
  auto answer = promise.get_future();
  Pending pending{.records = std::move(records), .make = {}, .done = {}, .sync = true};
  for (const auto& record : pending.records) pending.bytes += record.payload.size();
  pending.done =
      BatchCompletion([&promise](Result<std::vector<Appended>> result) { promise.set_value(std::move(result)); });
  if (auto pushed = push(std::move(pending), true); !pushed) return std::unexpected(pushed.error());
  return answer.get();
}

std::optional<Result<Appended>> Writer::Core::append_here(LateRecord& record) {
  if (options_.durability == Durability::kFsync) return std::nullopt;
  const std::unique_lock own(appending_, std::try_to_lock);
  if (!own || appender_.poisoned() || write_failed_ || !appender_.fits(1, kMostHere)) return std::nullopt;
  {
    const std::scoped_lock lock(mutex_);
    if (queued_records_ > 0 || !queue_.empty() || stop_) return std::nullopt; // they come first
  }
  std::optional<Result<Appended>> result;
  Pending pending = late(std::move(record), [&result](Result<Appended> answer) { result = std::move(answer); });
  process({&pending, 1});
  if (write_failed_)
    static_cast<void>(
        push({.records = {}, .make = {}, .done = BatchCompletion()}, true)); // wakes the thread, which probes
  return result;
}

void Writer::Core::wait_until_idle() {
  wake();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return queued_records_ == 0 && queue_.empty(); });
}

void Writer::Core::run() {
  std::vector<Pending> items;
  while (take(items)) {
    {
      const std::scoped_lock own(appending_);
      std::uint64_t cost = 0;
      std::uint64_t records = 0;
      for (const auto& pending : items) {
        cost += pending.bytes + pending.records.size() * kRecordCost;
        records += pending.records.size();
      }
      process(items);
      note_done(records, cost);
    }
    probe();
  }
  const std::scoped_lock own(appending_);
  finish();
}

bool Writer::Core::take(std::vector<Pending>& into) {
  into.clear();
  const auto wait = until_next_probe();
  std::unique_lock lock(mutex_);
  not_empty_.wait_for(lock, wait, [this] { return stop_ || woken_ || !queue_.empty(); });
  into.swap(queue_);
  woken_ = false;
  return !(stop_ && into.empty());
}

void Writer::Core::note_done(std::uint64_t records, std::uint64_t cost) {
  const std::scoped_lock lock(mutex_);
  queued_bytes_ -= cost;
  queued_records_ -= records;
  if (queued_records_ == 0) idle_.notify_all();
}

std::chrono::nanoseconds Writer::Core::until_next_probe() {
  const std::scoped_lock own(appending_);
  if (appender_.poisoned() || !write_failed_) return kIdle;
  return std::max<std::chrono::nanoseconds>(last_probe_ + options_.probe_interval - steady_clock::now(),
                                            std::chrono::nanoseconds(0));
}

/// After a failed write: is there room again?
void Writer::Core::probe() {
  const std::scoped_lock own(appending_);
  const auto now = steady_clock::now();
  if (appender_.poisoned() || !write_failed_ || now - last_probe_ < options_.probe_interval) return;
  last_probe_ = now;
  set_health(appender_.probe());
}

/// What was written is on disk `sync_interval` later, and however long the disk takes: nobody waits for it.
void Writer::Core::run_syncs() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    unsynced_.wait(lock, [this] { return stop_ || dirty_.load(std::memory_order_relaxed); });
    unsynced_.wait_for(lock, options_.sync_interval, [this] { return stop_; });
    if (stop_) return; // the journal's thread does the last one
    dirty_.store(false, std::memory_order_relaxed);
    lock.unlock();
    sync_beside_appends();
    lock.lock();
  }
}

void Writer::Core::sync_beside_appends() {
  std::unique_lock own(appending_);
  if (appender_.poisoned() || appender_.unsynced_bytes() == 0) return;
  const auto job = appender_.begin_sync();
  own.unlock();
  const auto start = steady_clock::now();
  auto done = job.file->sync();
  own.lock();
  count_sync(start);
  if (const auto finished = appender_.finish_sync(job, std::move(done)); !finished) set_health(finished);
}

/// False: the payload is too long, and the completion has been told.
bool Writer::Core::make_payload(Pending& pending) {
  if (!pending.make) return true;
  Record& record = pending.records.front();
  record.payload = pending.make();
  pending.bytes = record.size();
  if (pending.bytes <= kMaxPayload) return true;
  fail_one(pending, {Code::kTooLarge,
                     fmt::format("a journal record of {} bytes is over the limit of {}", pending.bytes, kMaxPayload)});
  return false;
}

void Writer::Core::fail_one(Pending& pending, const Error& error) {
  counters_.failed.fetch_add(pending.records.size(), std::memory_order_relaxed);
  pending.complete(std::unexpected(error));
}

void Writer::Core::process(std::span<Pending> items) {
  for (auto& pending : items) {
    if (!make_payload(pending)) continue;
    if (const auto room = make_room(pending); !room) {
      set_health(room);
      for (auto& failed : std::exchange(group_, {})) fail_one(*failed.pending, room.error());
      fail_one(pending, room.error());
      continue;
    }
    group_.push_back({&pending, {}});
    appender_.encode(pending.records, group_.back().appended);
    if (is_checkpoint(pending)) finish_group(); // alone in its group: it looks at what is open as written
  }
  finish_group();
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
  const bool writes = appender_.encoded_bytes() > 0;
  const Result<> done = appender_.poisoned() ? health() : write_group(wants_sync);
  if (writes || !done) set_health(done); // a flush, or a call to wake up, does not prove that there is room again
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
  if (wants_sync) return timed_sync();
  if (!dirty_.load(std::memory_order_relaxed)) {
    const std::scoped_lock lock(mutex_);
    dirty_.store(true, std::memory_order_relaxed);
    unsynced_.notify_one();
  }
  return {};
}

Result<> Writer::Core::timed_sync() {
  if (appender_.unsynced_bytes() == 0) return {};
  const auto start = steady_clock::now();
  auto done = appender_.sync();
  count_sync(start);
  return done;
}

void Writer::Core::count_sync(Time start) {
  const auto took = static_cast<std::uint64_t>(duration_cast<microseconds>(steady_clock::now() - start).count());
  counters_.syncs.fetch_add(1, std::memory_order_relaxed);
  counters_.last_sync_us.store(took, std::memory_order_relaxed);
  counters_.max_sync_us.store(std::max(took, counters_.max_sync_us.load(std::memory_order_relaxed)),
                              std::memory_order_relaxed);
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
