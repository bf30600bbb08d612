// Writer: the journal's only writer. A thread of its own takes what producers on any thread hand over, writes it in
// groups and calls the completions; a second one syncs, so that no append waits for the disk. A producer that has
// nothing else to do may write by itself while nobody else does (append_here()).
//
// Order: records appended by one thread keep their order. Sequence and chain are assigned as records are written;
// an append that fails consumes none.
// Durability: kProcess completes after write() (survives kill -9; fdatasync every `sync_interval`, so a power failure
// can cost that long); kFsync completes after fdatasync. Failure: a failed write is cut off again and nothing of its
// group is promised; if the cut succeeds (a full disk) later appends are tried anew and health() is good again as soon
// as one, or the writer's own probe, succeeds. A failed fdatasync or cut poisons the writer for good: every later
// append fails, and only a restart with recover() helps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/file_system.h"
#include "journal/reader.h"
#include "journal/record.h"
#include "journal/recover.h"

namespace kairos::journal {

enum class Durability : std::uint8_t { kProcess, kFsync };

struct WriterOptions {
  std::string data_dir;
  Durability durability = Durability::kProcess;
  std::uint64_t segment_bytes = 64u << 20; // a segment is closed before it would grow beyond this
  size_t max_queued_records = 100'000;
  size_t max_queued_bytes = 64u << 20;
  std::chrono::milliseconds sync_interval{100};
  std::chrono::milliseconds probe_interval{1000}; // how often a full disk is tried again without an append
};

struct Stats {
  std::uint64_t appended = 0;      // records
  std::uint64_t payload_bytes = 0; // as handed over
  std::uint64_t stored_bytes = 0;  // as written, framing included
  std::uint64_t groups = 0;        // write() calls
  std::uint64_t refused = 0;       // appends refused because the queue was full
  std::uint64_t failed = 0;        // records whose append failed
  std::uint64_t rotations = 0;
  std::uint64_t syncs = 0;
  std::uint64_t last_sync_us = 0;
  std::uint64_t max_sync_us = 0;
  std::uint64_t queued_records = 0;
  std::uint64_t queued_bytes = 0;
};

/// Called exactly once, on the journal's thread: short, no I/O, no blocking call of the Writer.
using Completion = std::move_only_function<void(Result<Appended>)>;
using BatchCompletion = std::move_only_function<void(Result<std::vector<Appended>>)>;

struct Erasure {
  Ulid receipt;
  WallTime time{};
  std::string payload; // who asked and why
};

class Writer {
public:
  /// `files` must outlive the writer. `recovered` is recover()'s answer for the same folder.
  static Result<std::unique_ptr<Writer>> start(FileSystem& files, WriterOptions options, const Recovered& recovered);
  /// Writes what is queued, syncs, stops.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Any thread; never blocks. An error (kIo "journal is behind", or poisoned; kTooLarge; kInvalid for kinds that have
  /// a function of their own) means that `done` will not be called.
  Result<> append(Record record, Completion done);
  /// The same. A payload over kMaxPayload is told by the completion.
  Result<> append(LateRecord record, Completion done);
  /// The same without waking the journal's thread: for producers that have several, and then call wake(). A record that
  /// nobody wakes for waits until somebody else appends. `done` is called in any case: at once, on the calling thread,
  /// if the record is refused.
  void append_unwoken(LateRecord record, Completion done);
  void wake();
  /// Writes at once, on the calling thread, which spares two handovers between threads. nullopt, and `record` is
  /// untouched: somebody else is writing, records wait, or this one needs more than a write (kFsync, a new segment,
  /// trouble); then use append().
  std::optional<Result<Appended>> append_here(LateRecord& record);
  /// All of them or none, next to each other, also after a crash.
  Result<> append_batch(std::vector<Record> records, BatchCompletion done);

  /// Blocking, any thread but the journal's: until all that was appended before is on disk.
  Result<> flush();
  /// Blocking, likewise: until every completion of what was appended before has been called.
  void wait_until_idle();
  /// Blocking. Appends a CHECKPOINT with the folds of the caller and makes it durable.
  Result<Appended> checkpoint(WallTime time, std::string payload);
  /// Blocking: reads the whole journal once. Appends the ERASE records, then overwrites the payloads of all earlier
  /// records of these receipts with zeros; digests stay, so the chain still verifies. Returns how many payloads were
  /// overwritten. Unfinished at a crash, recover() finishes it. kConflict if one of the receipts is still open.
  Result<std::uint64_t> erase(std::vector<Erasure> erasures);
  /// Blocking. Removes whole segments before `position` (the oldest that any reader still needs); returns how many.
  /// kConflict unless a CHECKPOINT in a later segment stands for them.
  Result<std::uint64_t> drop_before(const Position& position);

  /// Where the oldest OPEN is that has no CLOSE yet. Any thread.
  std::optional<Position> oldest_open() const;

  /// Good, or why appends fail now. Any thread.
  Result<> health() const;
  Stats stats() const;
  /// Sees records as soon as their completions may be called.
  std::shared_ptr<const Reader> reader() const;

private:
  class Core; // queue, thread and file: writer.cc
  explicit Writer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

} // namespace kairos::journal
