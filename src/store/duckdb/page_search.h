// Which receipts make a page of a search: their sequences in order, found by few columns and where they most likely
// are.
#pragma once

#include <vector>

#include "store/cursor.h"
#include "store/duckdb/conditions.h"
#include "store/duckdb/read_session.h"
#include "store/search.h"

namespace kairos::store {

struct Start {
  CursorState cursor;
  std::int64_t newest_us = 0; // created of about the newest receipt
  std::int64_t receipts = 0;  // how many there are, or were, at most
};

/// Spans that grow from one end of the whole span to all of it. What comes first in time is nearly always in the first,
/// and a row of the whole span that is not in a smaller one comes after all rows of that one.
std::vector<TimeSpan> growing(const TimeSpan& whole, std::int64_t anchor_us, bool downwards);

/// The page's receipts and one more, if there is one. From so many receipts on, peaks are asked before all are read: a
/// statement of many hours takes a while to plan.
Result<std::vector<std::int64_t>> page_sequences(ReadSession& session, const Search& search, const Scope& scope,
                                                 const Names& names, const Start& start, std::int64_t peaks_from);

} // namespace kairos::store
