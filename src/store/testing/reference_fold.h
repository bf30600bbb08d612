// The analytics query answered the slow and obvious way: a fold over receipts in memory. What the store is held
// against.
#pragma once

#include <span>

#include "store/query.h"
#include "store/receipt_store.h"
#include "store/scope.h"

namespace kairos::store {

/// The answer to `query` over these receipts: rows in the order of the dimensions' texts, totals if asked. Knows
/// dimensions, value filters, cost and latency bounds, local time and every measure, at both grains; not top, compare,
/// order and limit, which only rearrange.
Table reference_answer(std::span<const StoredReceipt> receipts, const Query& query, const Scope& scope);

} // namespace kairos::store
