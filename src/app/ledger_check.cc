#include "app/ledger_check.h"

#include "observe/log.h"

namespace kairos::app {

void LedgerCheck::fold(const model::Receipt& closed, std::uint64_t sequence) {
  const auto added = folded_.apply(closed, sequence);
  if (!added)
    observe::log_error("ledger", "a receipt's charges cannot be checked",
                       {{"receipt_id", closed.receipt_id}, {"error", added.error().message}});
}

PicoSum LedgerCheck::drift() {
  PicoSum total = 0;
  for (const ledger::BudgetStatus& status : budgets_.status(clock_.wall_now())) {
    const auto period = ledger::parse_period(status.period);
    if (!period) continue;
    PicoSum receipts = 0;
    if (const auto budget = folded_.budgets().find(status.spec.id); budget != folded_.budgets().end()) {
      if (const auto found = budget->second.find(*period); found != budget->second.end())
        receipts = found->second.spent;
    }
    const PicoSum difference = PicoSum(status.spent.value()) - receipts;
    total += difference < 0 ? -difference : difference;
  }
  return total;
}

} // namespace kairos::app
