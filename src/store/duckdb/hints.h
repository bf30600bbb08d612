// Hints: where a search should look first, from the roll-ups. They only choose an order of looking: what a search
// answers comes from the receipts alone, and is the same whatever a hint says.
#pragma once

#include <vector>

#include "store/duckdb/conditions.h"
#include "store/duckdb/plan.h"
#include "store/search.h"

namespace kairos::store {

/// Start of the hour from which on, up to `until_us`, there are about `receipts` of these filters, by the hours' counts
/// of the roll-up that knows most of them; `whole.from_us` if there are fewer.
Result<std::int64_t> counted_from(ReadSession& session, const Filters& filters, const Scope& scope, const Names& names,
                                  const TimeSpan& whole, std::int64_t until_us, std::int64_t receipts);

/// Hours and the most that one receipt of these filters can have there (cost or latency), greatest first.
struct Peak {
  std::int64_t hour_us = 0;
  std::int64_t most = 0;
};
struct Peaks {
  std::vector<Peak> hours;
  std::int64_t rolled = 0; // receipts with a greater sequence may be in none of them
};
Result<Peaks> peaks_of(ReadSession& session, const Filters& filters, const Scope& scope, const Names& names,
                       const TimeSpan& whole, SearchOrder order);

} // namespace kairos::store
