#include "app/ledger_check.h"

namespace kairos::app {

PicoSum LedgerCheck::drift() {
  PicoSum total = 0;
  for (const ledger::BudgetStatus& status : budgets_.status(clock_.wall_now())) {
    const auto period = ledger::parse_period(status.period);
    if (!period) continue;
    const PicoSum receipts =
        books_.with([&](const ledger::Books& books) { return books.budgets().spent(status.spec.id, *period); });
    const PicoSum difference = PicoSum(status.spent.value()) - receipts;
    total += difference < 0 ? -difference : difference;
  }
  return total;
}

} // namespace kairos::app
