// verify: proves that the store equals the journal, to the picodollar, receipt by receipt and by totals per tenant and
// day.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "store/receipt_store.h"

namespace kairos::store {

struct DayTotal {
  std::int64_t requests = 0;
  PicoSum cost = 0;
  std::int64_t unknown = 0;
  bool operator==(const DayTotal&) const = default;
};
/// (tenant, UTC day "2026-11-23") → totals.
using Totals = std::map<std::pair<std::string, std::string>, DayTotal>;

struct VerifyReport {
  std::uint64_t receipts = 0;
  PicoSum cost = 0;
  std::uint64_t last_sequence = 0;
  Totals totals;
};

/// What the journal still has, where its beginning was dropped.
struct Kept {
  std::uint64_t after = 0;     // sequence before the first receipt in it; what the store has of before is its own
  std::string first_whole_day; // "2026-11-23": from then on all receipts are in it; empty: from the first one on
};

/// Gives the journal's receipts in sequence order, from the first that the store should have; nullopt at the end.
using NextReceipt = std::function<Result<std::optional<StoredReceipt>>()>;

/// kCorrupt names the first receipt and sequence that differ and how ("cost is 0.01 in the store, 0.02 in the
/// journal"), or the first tenant and day whose total, as the query computes it, is not the fold. Receipts that the
/// store has not loaded yet (above its mark) are left out; those that retention dropped need no row, but are in the
/// totals.
Result<VerifyReport> verify_store(ReceiptStore& store, const NextReceipt& next, const Kept& kept,
                                  const ReadOptions& options);

} // namespace kairos::store
