// ReplayRuns: many receipts replayed against several models, one after the other, under a cap for all of them together.
// A run lives on one loop, in memory: a restart ends it, and its receipts stay. Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/replay.h"
#include "net/loop.h"

namespace kairos::api {

struct ReplayOrder {
  std::vector<std::string> receipts;
  std::vector<std::string> models;
  Picodollars max_cost;
  bool allow_tools = false;
};

class ReplayRuns {
public:
  static constexpr size_t kMostRunning = 4;
  static constexpr size_t kMostKept = 20; // finished ones
  static constexpr size_t kMostReceipts = 1000;
  static constexpr size_t kMostModels = 5;

  ReplayRuns();
  ~ReplayRuns();

  /// Begins; the run's JSON. kRateLimited: too many run already. `context` outlives the loops.
  Result<std::string> start(const ApiContext& context, net::Loop& loop, const Request& request, ReplayOrder order);
  /// kNotFound also for what the asker may not see.
  Result<std::string> show(const Request& request, std::string_view id) const;
  /// All that the asker may see, newest first, without what came of each replay.
  std::string list(const Request& request) const;
  /// What is asked right now is broken off. Its JSON.
  Result<std::string> cancel(const Request& request, std::string_view id);
  /// The server stops: all runs end, and what they ask right now is broken off.
  void stop();

  struct Run; // replay_runs.cc

private:
  std::shared_ptr<Run> find(const Request& request, std::string_view id) const;

  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Run>> runs_; // oldest first
};

} // namespace kairos::api
