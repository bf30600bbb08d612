// The planner: from what a question can be answered. A plan cuts its time range into whole units of one cube and what
// is left of it at both ends, which is read from the raw rows, as is everything that the cube does not have yet.
// Without a cube all is read from the raw rows. Each receipt of the range is in exactly one of a plan's sources.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "store/duckdb/cubes.h"
#include "store/duckdb/read_session.h"
#include "store/scope.h"
#include "store/time_buckets.h"

namespace kairos::store {

/// What the store says about itself in the transaction that a question is answered in.
struct Progress {
  std::int64_t sequence = 0;
  std::int64_t newest_us = 0;  // created_at of the newest receipt
  std::int64_t dropped_us = 0; // receipts created before may have been dropped; 0: none
  std::array<std::int64_t, kCubes.size()> rolled{};
};
Result<Progress> read_progress(ReadSession& session);

/// A part of a plan: rows of one table with from ≤ created < to, and sequence > after where that is not 0.
struct Source {
  const Cube* cube = nullptr; // null: raw rows
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::int64_t after = 0;
};

struct Plan {
  const Cube* cube = nullptr;
  std::vector<Source> sources;
};

/// `sketch`: for percentiles.
Plan plan_of(const Query& query, Grain grain, const Scope& scope, const std::vector<OffsetPiece>& pieces,
             const Progress& progress, bool sketch);

/// Whether raw rows could answer percentiles by counting buckets: the answer has few enough of them.
bool counts_buckets(const Query& query);

} // namespace kairos::store
