// The demo's past: believable receipts of the last days, made by the code that makes real ones (classifier, route(),
// reservations, prices) on invented times and answers, and written to the journal before the server starts.
// Deterministic but for the day it is made on. All are tagged demo=true.
#pragma once

#include <cstdint>
#include <string>

#include "app/demo.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/snapshot.h"
#include "model/receipt.h"

namespace kairos::app {

struct HistoryOptions {
  int days = 90;
  double receipts_per_day = kDemoReceiptsPerDay; // on average
  /// Receipts show so many candidates and count the others, as they do past model::kMaxCandidates: most of a receipt's
  /// bytes.
  size_t candidates = model::kMaxCandidates;
  std::uint64_t seed = 1;
  WallTime now; // where the history ends
};

/// Fills the data folder of `snapshot`, which must have no receipts yet; the caller holds its lock. How many were made.
Result<std::uint64_t> write_history(const config::SnapshotPtr& snapshot, const HistoryOptions& options);

} // namespace kairos::app
