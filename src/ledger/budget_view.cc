#include "ledger/budget_view.h"

#include <algorithm>

namespace kairos::ledger {
namespace {

std::optional<int> warn_level(const BudgetSpec& spec, const BudgetCounter& counter) {
  std::optional<int> reached;
  for (const int level : spec.warn_levels) {
    if ((counter.spent + counter.held) * 100 >= Int128{spec.cap.value()} * level) reached = level;
  }
  return reached;
}

/// Spent so far, stretched over the whole period.
std::optional<Picodollars> projection(const BudgetCounter& counter, PeriodKey period, WallTime now) {
  const auto start = start_of(period);
  const auto end = end_of(period);
  if (!start || !end) return std::nullopt;
  const Int128 length = (*end - *start).count();
  const Int128 passed = std::min<Int128>((now - *start).count(), length);
  if (passed * 100 < length) return std::nullopt;
  // Both quotients are taken apart, so that the product stays within 128 bits for any sum.
  return saturated(counter.spent / passed * length + counter.spent % passed * length / passed);
}

} // namespace

Picodollars saturated(Int128 amount) {
  return Picodollars(static_cast<std::int64_t>(std::clamp<Int128>(amount, INT64_MIN, INT64_MAX)));
}

Int128 remaining(const BudgetSpec& spec, const BudgetCounter& counter) {
  return spec.cap.value() - counter.spent - counter.held;
}

BudgetLevel level_of(const BudgetSpec& spec, const BudgetCounter& counter) {
  if (counter.blocked || remaining(spec, counter) <= 0) return BudgetLevel::kBlocked;
  return warn_level(spec, counter) ? BudgetLevel::kWarn : BudgetLevel::kOk;
}

BudgetCounter counter_at(const BudgetAccount& account, PeriodKey period) {
  const auto found = account.periods.find(period);
  return found == account.periods.end() ? BudgetCounter{} : found->second;
}

BudgetStatus status_of(const BudgetSpec& spec, const BudgetCounter& counter, PeriodKey period, WallTime now) {
  BudgetStatus status;
  status.spec = spec;
  status.period = to_text(period);
  status.period_start = start_of(period);
  status.period_ends = end_of(period);
  status.spent = saturated(counter.spent);
  status.held = saturated(counter.held);
  status.remaining = saturated(remaining(spec, counter));
  status.overrun = saturated(counter.overrun);
  status.unpriced = counter.unpriced;
  status.level = level_of(spec, counter);
  status.warn_level = warn_level(spec, counter);
  status.projected = projection(counter, period, now);
  return status;
}

} // namespace kairos::ledger
