// Volume: one pair of files, NNNN.body with sealed records and NNNN.keys with the slots whose keys open them. Records
// are only ever appended; slots are overwritten in place when what they open is to be gone. One thread at a time; files
// are opened as they are needed, but for those of the volume that is being written.
//
// What was written survives the death of the process; what was synced, a power failure. A slot lies in one sector,
// which a disk writes whole or not at all.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/format.h"
#include "journal/file_system.h"

namespace kairos::content {

class Volume {
public:
  /// A new one, on disk with its names when this returns.
  static Result<Volume> create(journal::FileSystem& files, const std::string& folder, std::uint64_t number);
  /// One that is there. kCorrupt: it is none. An unfinished end is not shown, and written over.
  static Result<Volume> open(journal::FileSystem& files, const std::string& folder, std::uint64_t number);
  /// Numbers of the volumes in the folder, ascending.
  static Result<std::vector<std::uint64_t>> list(journal::FileSystem& files, const std::string& folder);

  std::uint64_t number() const { return number_; }
  const std::string& salt() const { return salt_; }
  std::uint32_t slots() const { return slots_; }
  std::uint64_t body_bytes() const { return body_end_; }
  std::uint32_t live() const { return live_; }
  std::uint32_t ended() const { return ended_; } // slots that have expired
  std::uint32_t damaged() const { return damaged_; }
  bool has_body() const { return has_body_; }
  WallTime oldest() const { return oldest_; } // creation of the receipts in it
  WallTime newest() const { return newest_; }
  /// False: the receipt is certainly not in it.
  bool may_hold(const Ulid& receipt) const { return slots_ > 0 && receipt >= least_ && receipt <= most_; }

  /// Where the next record will be.
  std::uint64_t next_offset() const { return body_end_; }
  /// Writes the record, then its slot. On an error neither counts.
  Result<> append(std::string_view record, const Slot& slot);
  /// On disk since.
  Result<> sync();

  /// Each slot with its index, in order, until `each` says false. Damaged ones are left out.
  Result<> for_each(const std::function<bool(std::uint32_t, const Slot&)>& each);
  /// The receipt's last slot.
  struct At {
    std::uint32_t index = 0;
    Slot slot;
  };
  Result<std::optional<At>> find(const Ulid& receipt);
  /// Overwrites these, and they are on disk when this returns.
  Result<> rewrite(const std::vector<At>& changed);
  Result<std::string> read_record(const Slot& slot);

  /// Closes its files; further appends open them again.
  void close();
  Result<> remove_body();
  Result<> remove_all();

  // What a walk of the vault's has found, so that the next one can be left out. Nothing to the volume itself.
  std::uint64_t sealed_by = 0; // the master key that wraps all that is live and can be unwrapped; 0: not known
  WallTime next_end{};         // nothing in it expires before

private:
  Volume(journal::FileSystem& files, std::string folder, std::uint64_t number);
  std::string path(std::string_view suffix) const;
  Result<journal::File*> keys();
  Result<journal::File*> body();
  void count(const Slot& slot, int by);
  void note(const Slot& slot);
  Result<> survey();

  journal::FileSystem* files_;
  std::string folder_;
  std::uint64_t number_;
  std::string salt_;
  std::unique_ptr<journal::File> keys_;
  std::unique_ptr<journal::File> body_;
  std::uint64_t body_end_ = 0;
  std::uint32_t slots_ = 0;
  std::uint32_t live_ = 0;
  std::uint32_t ended_ = 0;
  std::uint32_t damaged_ = 0;
  bool has_body_ = true;
  Ulid least_;
  Ulid most_;
  WallTime oldest_{};
  WallTime newest_{};
};

} // namespace kairos::content
