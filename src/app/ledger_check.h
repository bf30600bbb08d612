// LedgerCheck: holds the running budgets against the receipts: what the books, kept up to date from the journal, say is
// spent, compared with the counters. Any thread.
#pragma once

#include "base/clock.h"
#include "ledger/budgets.h"
#include "ledger/projection.h"

namespace kairos::app {

class LedgerCheck {
public:
  /// All outlive it.
  LedgerCheck(ledger::BudgetAuthority& budgets, const ledger::Projection& books, const Clock& clock)
      : budgets_(budgets), books_(books), clock_(clock) {}

  /// Sum over the budgets' current periods of |spent in the ledger − spent by the receipts|, in picodollars. Requests
  /// that are being settled at this moment count as differences.
  PicoSum drift();

private:
  ledger::BudgetAuthority& budgets_;
  const ledger::Projection& books_;
  const Clock& clock_;
};

} // namespace kairos::app
