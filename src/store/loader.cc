#include "store/loader.h"

#include <algorithm>

#include "observe/threads.h"

namespace kairos::store {
namespace {

constexpr size_t kMuch = 1000; // receipts of a piece after which the next is loaded at once
constexpr int kRest = 8;       // pauses are this many times what a commit took, so that a trickle does not cost a core

} // namespace

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
  observe::give_way_to_requests();
  std::mutex mutex;
  std::condition_variable_any paused;
  const auto pause = [&](std::chrono::nanoseconds time) {
    std::unique_lock lock(mutex);
    paused.wait_for(lock, stop, time, [] { return false; });
  };
  while (!stop.stop_requested()) {
    const auto begun = std::chrono::steady_clock::now();
    const auto done = load_once();
    if (done && (*done == 0 || *done >= kMuch)) continue;
    if (done) {
      const auto rest = std::clamp<std::chrono::nanoseconds>(kRest * took_, options_.min_interval,
                                                             std::max(options_.min_interval, options_.max_interval));
      pause(begun + rest - std::chrono::steady_clock::now());
      continue;
    }
    state_.with([&](LoaderState& state) {
      ++state.failures;
      state.last_error = done.error().message;
    });
    pause(std::chrono::milliseconds(500));
  }
}

Result<size_t> Loader::load_once() {
  auto piece = source_(store_.mark().next, options_.max_batch, options_.max_delay);
  if (!piece) return fail_in("reading the journal for the receipt store", piece.error());
  if (piece->receipts.empty() && piece->next <= store_.mark().next) return 0;
  const auto begun = std::chrono::steady_clock::now();
  if (auto done = store_.append(piece->receipts, piece->next); !done) return std::unexpected(done.error());
  took_ = std::chrono::steady_clock::now() - begun;
  note(*piece);
  return piece->receipts.size();
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
