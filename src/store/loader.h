// Loader: follows the journal into the store on its own thread, from the mark kept in the store: exactly once, whatever
// dies when. Batches by count and time: something new is committed soon, but not each receipt by itself, since a commit
// costs ten milliseconds of a core whatever is in it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "store/receipt_store.h"

namespace kairos::store {

/// A piece of the journal, in its order.
struct JournalPiece {
  std::vector<StoredReceipt> receipts;
  JournalPlace next; // where the piece after it starts
};

/// Reads from `from` at most `limit` receipts. Waits up to `wait` for the first one and returns what there is (maybe
/// nothing). Called on the loader's thread only.
using JournalSource =
    std::function<Result<JournalPiece>(const JournalPlace& from, size_t limit, std::chrono::milliseconds wait)>;

struct LoaderOptions {
  size_t max_batch = 20'000;
  std::chrono::milliseconds max_delay{50};     // how long the journal is waited for at once
  std::chrono::milliseconds min_interval{40};  // between the beginnings of two commits, unless there is much to load …
  std::chrono::milliseconds max_interval{150}; // … and up to this where commits take long
};

struct LoaderState {
  std::uint64_t loaded = 0; // receipts since start
  std::uint64_t commits = 0;
  std::uint64_t failures = 0; // of reading the journal or the store; retried
  std::string last_error;     // empty: all is well
  LoadMark mark;
  std::chrono::milliseconds last_lag{0}; // commit time − completed_at of the newest receipt in the batch
};

class Loader {
public:
  /// Starts the thread. `store`, `source` and `clock` must outlive it.
  Loader(ReceiptStore& store, JournalSource source, const Clock& clock, LoaderOptions options = {});
  /// Finishes the batch in hand and stops.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  LoaderState state() const;

private:
  void run(const std::stop_token& stop);
  /// How many receipts it loaded.
  Result<size_t> load_once();
  void note(const JournalPiece& piece);

  ReceiptStore& store_;
  const JournalSource source_;
  const Clock& clock_;
  const LoaderOptions options_;
  Guarded<LoaderState> state_;
  std::chrono::nanoseconds took_{0}; // the last commit; the thread's own
  std::jthread thread_;              // last: it uses all the others
};

} // namespace kairos::store
