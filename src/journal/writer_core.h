// Writer's queue and thread. Internal to writer.cc.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <variant>

#include "base/guarded.h"
#include "journal/appender.h"
#include "journal/checkpoint.h"
#include "journal/writer.h"

namespace kairos::journal {

/// What a producer hands over. Without records it only asks for a sync.
struct Pending {
  std::vector<Record> records;
  std::move_only_function<std::string()> make; // if set: of the only record's payload
  std::variant<Completion, BatchCompletion> done;
  bool sync = false; // on disk before `done` is called, whatever the mode
  size_t bytes = 0;  // of the payloads; until they are made: what is reckoned for them

  void complete(Result<std::vector<Appended>> result);
};

Pending late(LateRecord record, Completion done);

class Writer::Core {
public:
  Core(FileSystem& files, WriterOptions options, const Recovered& recovered);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  Result<> start();

  /// `always`: not refused for want of room (the blocking calls, which are few). What is refused is not moved from.
  Result<> push(Pending&& pending, bool always, bool wakes = true);
  void wake();
  /// Pushes and waits.
  Result<std::vector<Appended>> call(std::vector<Record> records);
  std::optional<Result<Appended>> append_here(LateRecord& record);
  void wait_until_idle();
  Result<> health() const;
  Stats stats() const;

  FileSystem& files() { return files_; }
  const WriterOptions& options() const { return options_; }
  Appender& appender() { return appender_; } // other threads: open_receipts(); scan_from() after call()
  const std::shared_ptr<Reader>& reader() const { return reader_; }

  std::mutex maintenance;               // one checkpoint, erasure or drop at a time
  std::optional<Checkpoint> checkpoint; // under maintenance; without payload
  Erasures unfinished;                  // under maintenance: an overwriting failed half-way

private:
  using Time = std::chrono::steady_clock::time_point;
  struct Counters {
    std::atomic<std::uint64_t> appended{0}, payload_bytes{0}, stored_bytes{0}, groups{0}, refused{0}, failed{0},
        rotations{0}, syncs{0}, last_sync_us{0}, max_sync_us{0};
  };
  struct Encoded {
    Pending* pending;
    std::vector<Appended> appended;
  };

  void run();
  bool take(std::vector<Pending>& into);
  std::chrono::nanoseconds until_next_probe();
  void probe();
  void run_syncs();
  void sync_beside_appends();
  void process(std::span<Pending> items);
  bool make_payload(Pending& pending);
  void fail_one(Pending& pending, const Error& error);
  void note_done(std::uint64_t records, std::uint64_t cost);
  Result<> make_room(const Pending& pending);
  void finish_group();
  Result<> write_group(bool wants_sync);
  Result<> timed_sync();
  void count_sync(Time start);
  void set_health(const Result<>& result);
  void finish();

  // Constant
  FileSystem& files_;
  const WriterOptions options_;
  const std::shared_ptr<Reader> reader_;
  // Of whoever writes: the journal's thread, or a producer in append_here(); under appending_ (but see appender())
  std::mutex appending_;
  Appender appender_;
  std::vector<Encoded> group_;
  bool write_failed_ = false;
  Time last_probe_{};
  // Shared
  Counters counters_;
  Guarded<std::optional<Error>> trouble_;
  std::atomic<bool> poisoned_{false};
  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable idle_;
  std::condition_variable unsynced_;
  std::atomic<bool> dirty_{false};   // written since the last periodic sync began; set and cleared under mutex_
  std::vector<Pending> queue_;       // under mutex_
  bool woken_ = false;               // under mutex_: the thread will look at the queue
  std::uint64_t queued_records_ = 0; // under mutex_; until completed
  std::uint64_t queued_bytes_ = 0;   // under mutex_
  bool stop_ = false;                // under mutex_
  std::thread thread_;
  std::thread sync_thread_;
};

} // namespace kairos::journal
