// LiveFeed: receipts as they close, for any number of watchers. One thread follows the journal while somebody watches
// and keeps the newest receipts in a ring; watchers take from it at their own pace, so that none slows the journal, the
// feed or another one. Who is too slow misses receipts and is told how many of those within its scope. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "journal/reader.h"
#include "model/receipt.h"
#include "net/async.h"
#include "net/loop.h"
#include "store/scope.h"

namespace kairos::api {

struct LiveItem {
  std::uint64_t ordinal = 0;           // among all receipts fed, from 1
  std::uint64_t ordinal_in_tenant = 0; // among its tenant's
  model::Receipt receipt;
  std::string row; // JSON, as in lists
};

/// A watcher. Belongs to its loop, but for what LiveFeed guards.
struct Watcher {
  explicit Watcher(net::Loop& loop_in) : loop(loop_in) {}
  net::Loop& loop;
  net::Event news; // something to take, a heartbeat is due, or the feed ends
  bool beat = false;

private:
  friend class LiveFeed;
  std::optional<std::string> tenant_; // nullopt: everybody's
  std::uint64_t next_ = 1;            // first ordinal not yet looked at
  std::uint64_t seen_ = 0;            // last ordinal in the scope that was looked at
  bool woken_ = false;
};
using WatcherPtr = std::shared_ptr<Watcher>;

struct LiveBatch {
  std::uint64_t dropped = 0; // receipts of the scope missed before the first item
  std::vector<std::shared_ptr<const LiveItem>> items;
  bool more = false;  // there is more in the ring
  bool ended = false; // the server stops
};

struct LiveOptions {
  size_t ring = 8192;
  size_t most_watchers = 1000;
  size_t most_per_tenant = 50;
};

class LiveFeed {
public:
  explicit LiveFeed(std::shared_ptr<const journal::Reader> journal, LiveOptions options = {});
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  struct Joined {
    WatcherPtr watcher;
    journal::Position live_from; // receipts that begin here or later come by the feed
  };
  /// kRateLimited: too many watch already.
  Result<Joined> join(net::Loop& loop, const store::Scope& scope);
  void leave(const WatcherPtr& watcher);
  /// Moves the watcher behind this receipt if it is in the ring and within its scope.
  bool rewind(Watcher& watcher, std::string_view receipt_id);
  /// Receipts of the watcher's scope that it has not had, at most `most`.
  LiveBatch take(Watcher& watcher, size_t most);

  /// Where it reads, while somebody watches.
  std::optional<journal::Position> place() const;

  void end_streams(); // watchers are told that the server stops
  void stop();        // ends streams, and the thread

private:
  void run(const std::stop_token& stop);
  /// Where the feed begins and which beginning it is: the first watcher after a while of none makes a new one.
  struct Start {
    journal::Position from;
    std::uint64_t epoch = 0;
  };
  bool read_some(journal::Cursor& cursor, journal::Entry& entry, std::uint64_t epoch);
  void push(const journal::Entry& entry, std::uint64_t epoch);
  void wake_all();
  std::optional<Start> wait_for_watchers(const std::stop_token& stop);
  std::uint64_t fed(const std::optional<std::string>& tenant) const; // mutex_ held
  static std::uint64_t ordinal_of(const LiveItem& item, const Watcher& watcher) {
    return watcher.tenant_ ? item.ordinal_in_tenant : item.ordinal;
  }
  static bool concerns(const LiveItem& item, const Watcher& watcher) {
    return !watcher.tenant_ || *watcher.tenant_ == item.receipt.tenant;
  }

  const std::shared_ptr<const journal::Reader> journal_;
  const LiveOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any joined_;
  std::deque<std::shared_ptr<const LiveItem>> ring_;
  std::uint64_t count_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> count_by_tenant_;
  std::set<WatcherPtr> watchers_;
  journal::Position position_; // of the next record to be fed
  std::uint64_t epoch_ = 0;
  bool ended_ = false;
  std::jthread thread_; // last
};

} // namespace kairos::api
