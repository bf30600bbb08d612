// Appender: encodes records, writes them, rotates segments. Internal to the writer; used on the journal's thread only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "journal/codec.h"
#include "journal/file_system.h"
#include "journal/recover.h"
#include "journal/segment.h"
#include "journal/sha256.h"

namespace kairos::journal {

struct UlidHash {
  size_t operator()(const Ulid& ulid) const {
    return static_cast<size_t>(get64(reinterpret_cast<const char*>(ulid.bytes.data()) + 8));
  }
};
/// Receipts with an OPEN and no CLOSE yet, and where their OPEN is. Read by erase() from other threads.
using OpenReceipts = Guarded<std::unordered_map<Ulid, Position, UlidHash>>;

class Appender {
public:
  Appender(FileSystem& files, std::string data_dir, std::uint64_t segment_bytes, const Recovered& recovered);
  /// Opens the last segment, if there is one.
  Result<> start();

  /// True if a batch with this many payload bytes still belongs into the present segment.
  bool fits(size_t records, size_t payload_bytes) const;
  /// Finishes the present segment (all of it on disk) and begins the next one.
  Result<> rotate(WallTime now);
  /// Encodes a batch behind what has been encoded since the last commit.
  void encode(std::span<const Record> batch, std::vector<Appended>& out);
  /// Writes what was encoded. On an error it is as if it had never been encoded.
  Result<> commit();
  Result<> sync();
  /// The same in two steps, so that records can be written while the disk works: job.file->sync(), then finish_sync().
  struct SyncJob {
    std::shared_ptr<File> file;
    Position end; // what is before it will be on disk
  };
  SyncJob begin_sync() const { return {file_, end_}; }
  Result<> finish_sync(const SyncJob& job, Result<> done);
  /// After a failed write: is there room again?
  Result<> probe();

  bool has_segment() const { return file_ != nullptr; }
  const Position& end() const { return end_; }
  size_t encoded_bytes() const { return buffer_.size(); }
  std::uint64_t unsynced_bytes() const { return file_ ? end_.offset - synced_ : 0; }
  /// A failed sync, or a failed cut after a failed write: the file's state is unknown.
  bool poisoned() const { return poisoned_; }
  OpenReceipts& open_receipts() { return open_; }
  /// Of the last CHECKPOINT encoded.
  const Position& scan_from() const { return scan_from_; }

private:
  struct Chain {
    std::uint64_t last_sequence = 0;
    Hash head{};
  };
  void encode_one(const Record& record, std::uint16_t batch_left, Appended& out);
  void link(Frame& frame, std::string_view stored, Appended& out);
  void forget_encoded();
  void note_open_receipts();
  Result<> cut_back();
  Result<std::unique_ptr<File>> make_segment(std::uint64_t number, WallTime now);

  FileSystem& files_;
  const std::string data_dir_;
  const std::uint64_t segment_bytes_;
  const std::string node_id_;
  std::shared_ptr<File> file_;
  Position end_;             // behind the last record written
  std::uint64_t synced_ = 0; // up to this byte of the present segment all is on disk
  bool poisoned_ = false;
  Chain chain_; // as written
  Chain next_;  // as encoded
  std::string buffer_;
  std::vector<std::pair<Ulid, Position>> opened_; // encoded, not written; {0,0}: closed
  Position scan_from_;
  OpenReceipts open_;
  Compressor compressor_;
  Sha256 sha256_;
};

} // namespace kairos::journal
