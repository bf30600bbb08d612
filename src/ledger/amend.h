// From what a provider says about one attempt to the correction of its receipt. Pure.
#pragma once

#include <optional>
#include <string>

#include "ledger/correction.h"
#include "ledger/reconcile.h"
#include "ledger/tenant_view.h"

namespace kairos::ledger {

/// The provider's word on one attempt; at least one of tokens and cost.
struct AttemptTruth {
  std::string response_id;
  std::optional<TokenSums> tokens;
  std::optional<Picodollars> cost;
};

/// The attempt gets these tokens, at the unit prices it was billed at, and this cost, if it is given; the receipt's
/// sums follow. A class without a price in the receipt is unknown, unless the cost is given. What a tenant was charged
/// stays. `current`: as closed, or as its last correction left it. kNotFound: it has no such attempt; kInvalid:
/// negative or no numbers; kConflict: the receipt says so already.
Result<Correction> amend(const model::Receipt& current, const AttemptTruth& truth, const BudgetIds& charged_budgets,
                         std::string reason, WallTime now);

} // namespace kairos::ledger
