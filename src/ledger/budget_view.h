// How a budget stands: pure functions of its specification and counters. Inside of the embedded authority.
#pragma once

#include "ledger/budget_account.h"

namespace kairos::ledger {

/// Into the range of one amount.
Picodollars saturated(Int128 amount);
/// cap − spent − held.
Int128 remaining(const BudgetSpec& spec, const BudgetCounter& counter);
BudgetLevel level_of(const BudgetSpec& spec, const BudgetCounter& counter);
/// A copy; zeros for a period in which nothing happened.
BudgetCounter counter_at(const BudgetAccount& account, PeriodKey period);
BudgetStatus status_of(const BudgetSpec& spec, const BudgetCounter& counter, PeriodKey period, WallTime now);

} // namespace kairos::ledger
