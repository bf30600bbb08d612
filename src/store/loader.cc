#include "store/loader.h"

#include <algorithm>

namespace kairos::store {

Loader::Loader(ReceiptStore& store, JournalSource source, const Clock& clock, LoaderOptions options)
    : store_(store), source_(std::move(source)), clock_(clock), options_(options) {
  state_.with([&](LoaderState& state) { state.mark = store.mark(); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Loader::~Loader() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

LoaderState Loader::state() const {
  return state_.with([](const LoaderState& state) { return state; });
}

void Loader::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any paused;
  while (!stop.stop_requested()) {
    const auto done = load_once();
    if (done) continue;
    state_.with([&](LoaderState& state) {
      ++state.failures;
      state.last_error = done.error().message;
    });
    std::unique_lock lock(mutex);
    paused.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; });
  }
}

Result<> Loader::load_once() {
  auto piece = source_(store_.mark().next, options_.max_batch, options_.max_delay);
  if (!piece) return fail_in("reading the journal for the receipt store", piece.error());
  if (piece->receipts.empty() && piece->next <= store_.mark().next) return {};
  if (auto done = store_.append(piece->receipts, piece->next); !done) return done;
  note(*piece);
  return {};
}

void Loader::note(const JournalPiece& piece) {
  const WallTime now = clock_.wall_now();
  state_.with([&](LoaderState& state) {
    state.loaded += piece.receipts.size();
    ++state.commits;
    state.last_error.clear();
    state.mark = store_.mark();
    if (piece.receipts.empty()) return;
    const auto lag =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - piece.receipts.back().receipt.completed_at);
    state.last_lag = std::max(lag, std::chrono::milliseconds(0));
  });
}

} // namespace kairos::store
