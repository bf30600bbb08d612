// Vault: what is kept of prompts and answers, in DATA_DIR/content. The request path hands content over and never waits;
// a thread of the vault's own compresses, seals and writes it. Reading, erasing and searching block their caller and
// are for workers. Thread-safe. What it promises, and from what it protects: docs/content.md.
//
// Erasing destroys the receipt's key on disk before it returns, so that no copy of the record can be opened any more;
// content of an erased receipt that is still on its way is dropped when it comes.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "content/format.h"
#include "content/volume.h"
#include "journal/file_system.h"
#include "observe/metrics.h"

namespace kairos::content {

/// No request lives longer than this, so that nothing of it comes later.
inline constexpr std::chrono::hours kOnItsWay{2};
inline constexpr size_t kMostErasedLately = 1'000'000;

struct VaultOptions {
  std::string folder; // made when the first content comes
  size_t queue_bytes = size_t{64} << 20;
  std::uint64_t volume_bytes = std::uint64_t{64} << 20; // then the next volume begins, as it does
  std::uint32_t volume_slots = 16'384;                  // after so many receipts
  Duration volume_time = std::chrono::hours(24);        // or so long a time
  std::chrono::milliseconds sync_interval{200};
  std::chrono::milliseconds sweep_interval = std::chrono::minutes(5); // what is too old goes this late at most
  /// Takes out what is private, before anything is written; nullptr: content that is to be redacted is not kept.
  std::function<bool(Kept&)> redact;
};

/// For how long a tenant's content is kept.
struct Retention {
  std::string tenant;
  Duration keep{};
};

/// Why there is no content.
enum class Gone : std::uint8_t {
  kNever, // nothing is known of it here
  kErased,
  kExpired,
  kLost,    // it could not be written: too much at once, or the disk refused
  kSealed,  // there, but sealed with a master key that is not configured
  kDamaged, // there, but its bytes are not what was written
};
struct Missing {
  Gone why = Gone::kNever;
  std::optional<WallTime> at; // since when
};

struct Search {
  std::string tenant; // empty: everybody's
  WallTime from{};
  WallTime to{}; // of the receipts' creation; exclusive
  std::uint64_t most_bytes = 0;
  std::function<bool()> go_on;            // asked before each record; false: stop here
  std::function<bool(const Kept&)> visit; // newest volume first; false: enough. The tenant is not set.
};
struct Searched {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unreadable = 0;
  bool complete = true; // false: stopped before all was looked at
};

class Vault {
public:
  /// Reads what slots there are. `files`, `clock` and `metrics` must outlive it. Volumes that cannot be read are told
  /// in the log and left alone.
  static Result<std::unique_ptr<Vault>> open(journal::FileSystem& files, VaultOptions options, const Clock& clock,
                                             observe::Metrics& metrics);
  /// Writes what waits, syncs, stops.
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  /// From now on. Content sealed by another key of them is sealed again with the first one, in the background.
  void use(MasterKeys keys, std::vector<Retention> retention);

  /// Never waits. What cannot be kept is counted, and remembered as lost where that can be done.
  void keep(Kept kept);
  /// The same for content that its holder had no room for: only that it was lost is remembered.
  void cannot_keep(Kept kept);
  /// Waits until what was handed over before is written.
  void flush();
  /// What was handed over and is not written yet. Any thread.
  size_t waiting();

  /// `tenant` is not set in what it gives.
  std::expected<Kept, Missing> read(const Ulid& receipt);
  /// True: there was content. Errors: kIo, then it may still be there.
  Result<bool> erase(const Ulid& receipt, std::string_view tenant);
  /// Of receipts created before; returns how many had content.
  Result<std::uint64_t> erase_tenant(std::string_view tenant, WallTime before);
  Result<Searched> search(const Search& search);

  /// Erases what is too old, drops files in which nothing is left, seals anew what an old master key sealed. The thread
  /// does so by itself now and then; for tests.
  void sweep();

private:
  Vault(journal::FileSystem& files, VaultOptions options, const Clock& clock, observe::Metrics& metrics);
  struct Waiting {
    Kept kept;
    bool lost = false; // only its name is left
  };

  void hand_over(Waiting one);
  Result<> load();
  void run(const std::stop_token& stop);
  void write_all(std::vector<Waiting>& batch);
  void write(Waiting& one);
  Result<> store(const std::string& record, Slot slot, const Key* key);
  Result<Volume*> current();
  bool was_erased(const Ulid& receipt, std::uint64_t tenant) const;
  void sync_dirty();
  void sweep_locked();
  void expire(Volume& volume, WallTime now);
  void seal_anew(Volume& volume);
  bool drop_if_empty(Volume& volume, bool is_current);
  Result<std::uint64_t> end_slots(Volume& volume, SlotState state, const std::function<bool(const Slot&)>& which);
  std::expected<Kept, Missing> open_slot(Volume& volume, const Slot& slot);
  void count_lost(std::string_view reason);
  void report_failure(const Error& error);

  journal::FileSystem& files_;
  const VaultOptions options_;
  const Clock& clock_;
  observe::Metrics& metrics_;
  observe::Counter& kept_;
  observe::Counter& stored_bytes_;
  observe::Counter& erased_;
  observe::Counter& expired_;

  std::mutex queue_mutex_; // guards the next five; held shortly
  std::condition_variable_any queue_changed_;
  std::condition_variable_any queue_done_;
  std::deque<Waiting> queue_;
  size_t queued_bytes_ = 0;
  std::uint64_t taken_in_ = 0;
  std::uint64_t done_ = 0;

  std::mutex mutex_; // guards all below; held across file operations, never by the request path
  MasterKeys keys_;
  std::map<std::uint64_t, Duration> retention_; // by tenant tag
  std::deque<Volume> volumes_;                  // ascending; the last one may be written
  std::uint64_t next_number_ = 1;
  bool writable_ = false; // the last of volumes_ was made, or taken over, by this process
  bool dirty_ = false;
  bool failing_ = false; // told in the log already
  MonoTime last_sync_{};
  MonoTime last_sweep_{};
  std::map<Ulid, MonoTime> erased_lately_;           // content that may still be on its way
  std::map<std::uint64_t, WallTime> erased_tenants_; // by tag: what was created before that

  std::jthread thread_; // last: it uses all the others
};

} // namespace kairos::content
