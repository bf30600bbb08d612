// Runs receipt searches and look-ups inside one read session.
#pragma once

#include "store/cursor.h"
#include "store/duckdb/names.h"
#include "store/duckdb/read_session.h"
#include "store/receipt_store.h"

namespace kairos::store {

Result<Page> answer_search(ReadSession& session, const Search& search, const Scope& scope, const Names& names,
                           const CursorKey& key, std::int64_t peaks_from);
Result<Found> answer_find(ReadSession& session, std::string_view receipt_id, const Scope& scope, const Names& names);
Result<std::vector<MoneyRow>> answer_scan(ReadSession& session, std::uint64_t after, size_t limit, const Names& names);

} // namespace kairos::store
