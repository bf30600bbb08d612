// Reader and Cursor: reading the journal, live or at rest. A Reader is shared by any number of threads; each Cursor
// belongs to one thread and has its own file handle. Readers never slow the writer down.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "journal/file_system.h"
#include "journal/record.h"
#include "journal/recover.h"

namespace kairos::journal {

class SegmentFile;

/// What a segment's header says; of the oldest one: where the records begin that are kept.
struct Begin {
  std::uint64_t segment = 0;
  std::uint64_t first_sequence = 1; // of the first CLOSE or CORRECTION in it
  Hash prev_hash{};                 // the chain's head before that record
  WallTime time{};                  // of the first record
  Position position() const { return {segment, 0}; }
};

class Reader {
public:
  /// Of a folder without a writer. What a torn last write left behind is not shown. For a live journal:
  /// Writer::reader().
  static Result<std::shared_ptr<Reader>> open(FileSystem& files, const std::string& data_dir);
  /// The writer's: `end` is moved by publish().
  Reader(FileSystem& files, std::string data_dir, Position end);

  /// Where the next record will go. All before it is whole.
  Position end() const;
  /// The record that starts there. kNotFound: its segment was dropped; kCorrupt: no undamaged record starts there.
  Result<Entry> read(const Position& position) const;
  /// nullopt: there is no segment. Reads the folder and 128 bytes.
  Result<std::optional<Begin>> begin() const;
  /// kNotFound: there is no such segment.
  Result<Begin> begin_of(std::uint64_t segment) const;
  /// The newest CHECKPOINT, if any.
  Result<std::optional<Checkpoint>> checkpoint() const;
  /// True as soon as end() is beyond `position`; false after `timeout`, at a stop request or once the writer has
  /// stopped.
  bool wait_beyond(const Position& position, std::chrono::nanoseconds timeout, std::stop_token stop = {}) const;

  /// Writer only.
  void publish(const Position& end);
  void close();

private:
  friend class Cursor;
  FileSystem& files_;
  const std::string data_dir_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any moved_;
  Position end_;
  bool closed_ = false;
};

/// Which payloads a Cursor unpacks.
enum class Payloads : std::uint8_t { kAll, kOfClosed, kNone };

class Cursor {
public:
  /// `from`: {} for the oldest record kept, else a position that a Cursor or an Entry has given.
  explicit Cursor(std::shared_ptr<const Reader> reader, Position from = {});
  ~Cursor();
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;

  /// From now on the payloads of OPEN and ATTEMPT are left empty: who wants closed receipts only is spared half of the
  /// decompressing.
  void skip_open_payloads() { payloads_ = Payloads::kOfClosed; }
  /// From now on all payloads are left empty, for who mostly knows them already; load_payload() gives one.
  void skip_payloads() { payloads_ = Payloads::kNone; }
  /// Of the entry that next() gave last. kNotFound, kCorrupt as for next().
  Result<> load_payload(Entry& entry);
  /// Fills `entry` (its memory is used again) and moves on. False: nothing more for now. kNotFound: the segment was
  /// dropped (rebuild from the CHECKPOINT). kCorrupt: damage here; the cursor stays until skip_damage() is called.
  Result<bool> next(Entry& entry);
  /// Moves to the next undamaged record and returns what was passed over. Never called on the quiet: tell somebody.
  Result<Problem> skip_damage();
  /// See Reader::wait_beyond.
  bool wait_for_more(std::chrono::nanoseconds timeout, std::stop_token stop = {}) const;
  /// Of the record that next() would give: what a projection keeps.
  const Position& position() const { return position_; }

private:
  Result<bool> settle();

  std::shared_ptr<const Reader> reader_;
  Position position_;
  std::unique_ptr<SegmentFile> segment_;
  Payloads payloads_ = Payloads::kAll;
};

} // namespace kairos::journal
