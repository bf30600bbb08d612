// Receipts that are closed at a rate while the store's benchmark asks, the loader that follows them, and how soon each
// can be read.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "store/loader.h"
#include "store/testing/generated_receipts.h"
#include "store_times.h"

namespace kairos::store {

/// Receipts that are closed at a rate, and the loader that follows them.
class Traffic {
public:
  Traffic(ReceiptStore& store, ReceiptGenerator generator, int rate)
      : store_(store), generator_(std::move(generator)), rate_(rate), first_(store.mark().sequence),
        loader_(
            store, [this](const JournalPlace& from, size_t limit, auto wait) { return read(from, limit, wait); },
            clock_),
        closer_([this](const std::stop_token& token) { close(token); }),
        watcher_([this](const std::stop_token& token) { watch(token); }) {}
  ~Traffic() {
    closer_.request_stop();
    watcher_.request_stop();
    closer_.join();
    watcher_.join();
  }

  void print() {
    const LoaderState state = loader_.state();
    fmt::print("loaded meanwhile: {} receipts in {} commits, {} failures {}\n", state.loaded, state.commits,
               state.failures, state.last_error);
    fmt::print("readable by id after its close  {}\n", by_id_.text());
    fmt::print("found by search after its close {}\n", by_search_.text());
  }

private:
  Result<JournalPiece> read(const JournalPlace&, size_t limit, std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    more_.wait_for(lock, wait, [&] { return !closed_.empty(); });
    JournalPiece piece;
    while (!closed_.empty() && piece.receipts.size() < limit) {
      piece.receipts.push_back(std::move(closed_.front()));
      closed_.pop_front();
    }
    piece.next =
        piece.receipts.empty() ? store_.mark().next : JournalPlace{1, piece.receipts.back().sequence * 100 + 100};
    return piece;
  }

  void close(const std::stop_token& token) {
    const auto start = Steady::now();
    for (std::int64_t made = 0; !token.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(4))) {
      const auto due = static_cast<std::int64_t>(since(start) / 1000 * rate_);
      const std::scoped_lock lock(mutex_);
      for (; made < due; ++made) {
        closed_.push_back(generator_.next());
        newest_ = {closed_.back().receipt.receipt_id, Steady::now()};
      }
      more_.notify_one();
    }
  }

  /// Takes the newest receipt now and then and asks for it until it is there.
  void watch(const std::stop_token& token) {
    while (!token.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      std::pair<std::string, Steady::time_point> one;
      {
        const std::scoped_lock lock(mutex_);
        one = newest_;
      }
      if (one.first.empty()) continue;
      while (!token.stop_requested() && !store_.find(one.first, Scope::all(), {}))
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      by_id_.all.push_back(since(one.second));
      Search search;
      search.filters.text = one.first;
      while (!token.stop_requested() && must(store_.search(search, Scope::all(), {})).rows.empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      by_search_.all.push_back(since(one.second));
    }
  }

  ReceiptStore& store_;
  ReceiptGenerator generator_;
  const int rate_;
  const std::uint64_t first_;
  const SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<StoredReceipt> closed_;
  std::pair<std::string, Steady::time_point> newest_;
  Times by_id_;
  Times by_search_;
  Loader loader_;
  std::jthread closer_;
  std::jthread watcher_;
};

} // namespace kairos::store
