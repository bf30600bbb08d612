#include "ledger/budgets.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/budget_account.h"
#include "ledger/budget_view.h"

namespace kairos::ledger {
namespace {

/// Locks the accounts of `entries`, which must be in lock order.
std::vector<std::unique_lock<std::mutex>> lock_all(const BudgetEntries& entries) {
  std::vector<std::unique_lock<std::mutex>> locks;
  locks.reserve(entries.size());
  for (const auto& entry : entries) locks.emplace_back(entry->account->mutex);
  return locks;
}

/// Why this budget refuses `needed`, if it does.
std::optional<RefusalReason> objection(const BudgetSpec& spec, const BudgetCounter& counter,
                                       std::optional<Picodollars> needed) {
  if (needed && *needed < Picodollars(0)) return RefusalReason::kInvalid;
  if (counter.blocked) return RefusalReason::kBlocked;
  if (!needed && !spec.allow_unpriced) return RefusalReason::kUnpriced;
  const Int128 left = remaining(spec, counter);
  if (needed ? left < needed->value() : left <= 0) return RefusalReason::kCap;
  return std::nullopt;
}

Refusal refusal_of(const BudgetSpec& spec, const BudgetCounter& counter, PeriodKey period, RefusalReason reason,
                   std::optional<Picodollars> needed) {
  return {reason, spec.id,         spec.on_exceed, spec.cap, saturated(counter.spent), saturated(counter.held),
          needed, to_text(period), end_of(period)};
}

bool takes_from(const Hold& hold, const std::string& budget_id, PeriodKey period) {
  return hold.period == period && hold.budget_id == budget_id;
}

/// What finished attempts of the request left of what is held in that budget.
Picodollars spare_in(std::span<const Hold> holds, const std::string& budget_id, PeriodKey period) {
  Picodollars sum;
  for (const Hold& hold : holds) sum += takes_from(hold, budget_id, period) ? hold.spare : Picodollars(0);
  return sum;
}

/// Takes up to `amount` of it; what more is to be held.
Picodollars use_spare(std::span<Hold> holds, const Hold& into, Picodollars amount) {
  for (Hold& hold : holds) {
    if (!takes_from(hold, into.entry->spec.id, into.period)) continue;
    const Picodollars taken = std::min(hold.spare, amount);
    hold.spare -= taken;
    amount -= taken;
  }
  return amount;
}

/// Holds `worst` for one attempt in all of `entries` (in lock order) or in none. The accounts are locked.
std::optional<Refusal> hold_all(const BudgetEntries& entries, const Amounts& worst, WallTime now, size_t attempt,
                                std::vector<Hold>& holds) {
  std::optional<Refusal> refusal;
  Int128 tightest = 0;
  const size_t before = holds.size();
  holds.reserve(before + entries.size());
  for (const auto& entry : entries) {
    const BudgetSpec& spec = entry->spec;
    const PeriodKey period = entry->account->begin(spec.period, now);
    const BudgetCounter& counter = entry->account->counter(period);
    const auto needed = worst.of(spec.measure);
    const Picodollars spare = spare_in(std::span(holds).first(before), spec.id, period);
    holds.push_back({entry, spec.id, spec.measure, period, attempt, needed, {}, {}});
    const auto more =
        needed && *needed >= Picodollars(0) ? std::optional(std::max(*needed - spare, Picodollars(0))) : needed;
    const auto reason = objection(spec, counter, more);
    const Int128 left = remaining(spec, counter);
    if (!reason || (refusal && left >= tightest)) continue;
    tightest = left;
    refusal = refusal_of(spec, counter, period, *reason, needed);
  }
  if (refusal) {
    holds.resize(before);
    return refusal;
  }
  for (size_t i = before; i < holds.size(); ++i) {
    const Picodollars more =
        use_spare(std::span(holds).first(before), holds[i], holds[i].amount.value_or(Picodollars(0)));
    holds[i].entry->account->counter(holds[i].period).held += more.value();
  }
  return std::nullopt;
}

/// The tightest of the budgets held, as it stood before.
std::optional<model::BudgetSummary> summary_of(const std::vector<Hold>& holds) {
  const Hold* tightest = nullptr;
  Int128 least = 0;
  for (const Hold& hold : holds) {
    const Int128 left = remaining(hold.entry->spec, hold.entry->account->counter(hold.period));
    if (tightest != nullptr && left >= least) continue;
    tightest = &hold;
    least = left;
  }
  if (tightest == nullptr) return std::nullopt;
  const BudgetSpec& spec = tightest->entry->spec;
  const BudgetCounter& counter = tightest->entry->account->counter(tightest->period);
  return model::BudgetSummary{
      spec.id, std::string(name(level_of(spec, counter))), {}, spec.cap, saturated(counter.spent), {}};
}

void sort_for_locking(BudgetEntries& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a->account->number < b->account->number; });
}

} // namespace

EmbeddedBudgets::EmbeddedBudgets(const BudgetState& spent) {
  for (const auto& [id, periods] : spent.budgets()) {
    BudgetAccount& counters = *account(id);
    for (const auto& [period, known] : periods) {
      counters.periods[period] = {known.spent, 0, known.overrun, known.unpriced, known.blocked};
      auto& newest = counters.newest[static_cast<size_t>(period.kind)];
      newest = std::max(newest.value_or(period.ordinal), period.ordinal);
    }
  }
}

EmbeddedBudgets::~EmbeddedBudgets() = default;

BudgetEntries EmbeddedBudgets::matching(const Subject& subject, bool any_model) {
  const auto index_of = [](Shard& shard) {
    const std::scoped_lock lock(shard.mutex);
    return shard.index;
  };
  BudgetEntries entries;
  entries.reserve(8);
  if (const auto index = index_of(shards_[shard_of(subject.tenant)])) index->find(subject, any_model, entries);
  if (any_tenantless_.load(std::memory_order_acquire)) {
    if (const auto index = index_of(tenantless_)) index->find(subject, any_model, entries);
  }
  sort_for_locking(entries);
  return entries;
}

std::expected<Reservation, Refusal> EmbeddedBudgets::reserve(const Subject& subject, const Amounts& worst,
                                                             WallTime now) {
  const BudgetEntries entries = matching(subject, false);
  Reservation reservation;
  {
    const auto locks = lock_all(entries);
    if (auto refusal = hold_all(entries, worst, now, 0, reservation.holds_))
      return std::unexpected(std::move(*refusal));
    reservation.summary_ = summary_of(reservation.holds_);
  }
  reservation.authority_ = this;
  reservation.tenant_ = subject.tenant;
  reservation.workflow_ = subject.workflow;
  reservation.api_key_id_ = subject.api_key_id;
  reservation.end_user_ = subject.end_user;
  reservation.attempts_ = 1;
  return reservation;
}

std::expected<size_t, Refusal> EmbeddedBudgets::extend(Reservation& reservation, std::string_view model_id,
                                                       const Amounts& worst, WallTime now) {
  const Subject subject{reservation.tenant_, reservation.workflow_, reservation.api_key_id_, model_id,
                        reservation.end_user_};
  const BudgetEntries entries = matching(subject, false);
  const auto locks = lock_all(entries);
  const size_t attempt = reservation.attempts_;
  if (auto refusal = hold_all(entries, worst, now, attempt, reservation.holds_))
    return std::unexpected(std::move(*refusal));
  ++reservation.attempts_;
  return attempt;
}

void EmbeddedBudgets::finish_attempt(Reservation& reservation, size_t attempt, const Amounts& actual) {
  for (Hold& hold : reservation.holds_) {
    const auto cost = hold.attempt == attempt ? actual.of(hold.measure) : std::nullopt;
    if (!cost || *cost < Picodollars(0)) continue;
    const Picodollars held = hold.amount.value_or(Picodollars(0));
    if (*cost > held) {
      const std::scoped_lock lock(hold.entry->account->mutex);
      hold.entry->account->counter(hold.period).held += Int128{cost->value()} - held.value();
    }
    if (*cost < held) hold.spare += held - *cost;
    if (hold.amount && *cost > held) hold.overrun += *cost - held;
    hold.amount = *cost;
  }
}

Settlement EmbeddedBudgets::close(Reservation& reservation, Ending ending, std::span<const Amounts> actual) {
  if (ending == Ending::kAbandoned) {
    abandoned_.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  const bool settled = ending == Ending::kSettled;
  const Settlement settlement = settled ? reservation.preview(actual) : Settlement{};
  for (size_t i = 0; i < reservation.holds_.size(); ++i) {
    const Hold& hold = reservation.holds_[i];
    const bool first = !repeats(reservation.holds_, i);
    const std::scoped_lock lock(hold.entry->account->mutex);
    BudgetCounter& counter = hold.entry->account->counter(hold.period);
    counter.held -= Int128{hold.amount.value_or(Picodollars(0)).value()} + hold.spare.value();
    if (!settled) continue;
    counter.spent += charge_of(hold, actual).value();
    counter.unpriced += first && settlement.unpriced ? 1 : 0;
    counter.overrun += first ? settlement.overrun.value() : 0;
    counter.blocked |= settlement.overrun > Picodollars(0);
  }
  return settlement;
}

model::Budgets EmbeddedBudgets::headrooms(const Subject& subject, WallTime now) {
  model::Budgets budgets;
  for (const auto& entry : matching(subject, true)) {
    const BudgetSpec& spec = entry->spec;
    const std::scoped_lock lock(entry->account->mutex);
    const auto counter = counter_at(*entry->account, entry->account->current(spec.period, now));
    const Int128 left = remaining(spec, counter);
    budgets.headrooms.push_back(
        {spec.id, spec.scope.model_id, saturated(counter.blocked ? std::min<Int128>(left, 0) : left), spec.on_exceed});
  }
  return budgets;
}

} // namespace kairos::ledger
