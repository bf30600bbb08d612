// Runs the analytics query inside one read session: ranking for top-N, the grouped question, totals and the previous
// period, and puts the answers together as one table of texts, integers and money.
#pragma once

#include <span>
#include <vector>

#include "store/duckdb/names.h"
#include "store/duckdb/read_session.h"
#include "store/query.h"
#include "store/scope.h"

namespace kairos::store {

/// An answer for each query, which check() looks at first. Percentiles over up to `exact_rows` receipts are exact.
std::vector<Result<Table>> answer_queries(ReadSession& session, std::span<const Query> queries, const Scope& scope,
                                          const Names& names, std::int64_t exact_rows);

} // namespace kairos::store
