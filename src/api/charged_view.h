// What a key of a reseller's tenant (one with a price plan) is shown in place of the platform's costs, in lists,
// queries and views; for whole receipts see ledger/tenant_view.h. Pure but for ask() and ask_all().
#pragma once

#include <span>
#include <vector>

#include "api/routes.h"
#include "config/snapshot.h"
#include "store/receipt_store.h"
#include "store/views.h"

namespace kairos::api {

/// True if this asker sees amounts charged only.
bool charged_only(const Principal& principal, const config::Snapshot& snapshot);

/// The row as the asker may see it: its cost is what is charged, its savings are nobody's.
store::ReceiptRow shown(const Request& request, store::ReceiptRow row);
/// kForbidden names what would tell the platform's cost: bounds of cost and the order by cost.
Result<> check_search(const Request& request, const store::Search& search);
/// Runs the query. For such an asker `cost` is what is charged; kForbidden names a measure that it may not see.
Result<store::Table> ask(store::ReceiptStore& store, const Request& request, const store::Query& query,
                         const store::ReadOptions& options);
/// The same of several, all answered from one state of the store: an answer for each, in their order.
std::vector<Result<store::Table>> ask_all(store::ReceiptStore& store, const Request& request,
                                          std::span<const store::Query> queries, const store::ReadOptions& options);
/// The panels with what the asker may not see left out.
std::vector<store::NamedQuery> shown(const Request& request, std::vector<store::NamedQuery> panels);

} // namespace kairos::api
