// What a tenant with a price plan (a reseller's customer) sees of its own receipts: what it is charged, never what the
// platform pays, nor anything that the platform's cost could be worked out from. Pure functions.
// Rules: docs/ledger.md, "What a reseller's tenant sees".
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "config/snapshot.h"
#include "model/receipt.h"

namespace kairos::ledger {

using BudgetIds = std::set<std::string, std::less<>>;

/// The budgets that count what tenants are charged: their amounts are no secret.
BudgetIds charged_budgets(const config::Snapshot& snapshot);

/// The receipt as its tenant sees it. Every cost is what is charged for it (unknown where the receipt does not say);
/// unit prices, candidates' estimates and scores, savings, avoided costs, budgets in cost and amounts in sentences are
/// taken out.
model::Receipt tenant_view(model::Receipt receipt, const BudgetIds& charged);

/// A sentence without its amounts in USD, unless it is about one of the budgets named by `charged`.
std::string tenant_text(std::string_view text, const BudgetIds& charged);

} // namespace kairos::ledger
