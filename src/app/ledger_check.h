// LedgerCheck: holds the running ledger against the receipts: the same fold that start-up makes, kept up to date from
// the journal, compared with what the budgets say is spent. One thread.
#pragma once

#include "base/clock.h"
#include "ledger/budget_state.h"
#include "ledger/budgets.h"
#include "model/receipt.h"

namespace kairos::app {

class LedgerCheck {
public:
  /// `folded`: what was folded up to the start of `budgets`. Both references outlive it.
  LedgerCheck(ledger::BudgetAuthority& budgets, ledger::BudgetState folded, const Clock& clock)
      : budgets_(budgets), folded_(std::move(folded)), clock_(clock) {}

  /// A closed receipt, in the order of sequences; those folded before change nothing.
  void fold(const model::Receipt& closed, std::uint64_t sequence);
  /// Sum over the budgets' current periods of |spent in the ledger − spent by the receipts|, in picodollars. Requests
  /// that are being settled at this moment count as differences.
  PicoSum drift();

private:
  ledger::BudgetAuthority& budgets_;
  ledger::BudgetState folded_;
  const Clock& clock_;
};

} // namespace kairos::app
