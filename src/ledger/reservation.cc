#include "ledger/reservation.h"

#include <algorithm>
#include <utility>

#include "ledger/budgets.h"

namespace kairos::ledger {
namespace {

bool same_counter(const Hold& a, const Hold& b) { return a.period == b.period && a.budget_id == b.budget_id; }

/// By how much the attempt cost more than was held for it.
Picodollars overrun_of(const Hold& hold, std::span<const Amounts> actual) {
  const Picodollars beyond = hold.amount ? charge_of(hold, actual) - *hold.amount : Picodollars(0);
  return hold.overrun + std::max(beyond, Picodollars(0));
}

/// Sums per budget and period, in the order of first appearance.
template <class AmountOf>
std::vector<model::BudgetCharge> charges_of(const std::vector<Hold>& holds, AmountOf amount_of) {
  std::vector<model::BudgetCharge> charges;
  charges.reserve(holds.size());
  for (size_t i = 0; i < holds.size(); ++i) {
    if (repeats(holds, i)) continue;
    Picodollars sum;
    for (size_t k = i; k < holds.size(); ++k)
      sum += same_counter(holds[i], holds[k]) ? amount_of(holds[k]) : Picodollars(0);
    charges.push_back({std::string(holds[i].budget_id), to_text(holds[i].period), sum});
  }
  return charges;
}

} // namespace

Picodollars charge_of(const Hold& hold, std::span<const Amounts> actual) {
  const auto cost = hold.attempt < actual.size() ? actual[hold.attempt].of(hold.measure) : std::nullopt;
  return cost && *cost >= Picodollars(0) ? *cost : hold.amount.value_or(Picodollars(0));
}

bool repeats(std::span<const Hold> holds, size_t index) {
  return std::any_of(holds.begin(), holds.begin() + static_cast<std::ptrdiff_t>(index),
                     [&](const Hold& hold) { return same_counter(hold, holds[index]); });
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  Reservation taken(std::move(other));
  swap(taken);
  return *this;
}

Reservation::~Reservation() {
  if (open()) authority_->close(*this, Ending::kAbandoned, {});
}

void Reservation::swap(Reservation& other) noexcept {
  std::swap(authority_, other.authority_);
  tenant_.swap(other.tenant_);
  workflow_.swap(other.workflow_);
  api_key_id_.swap(other.api_key_id_);
  end_user_.swap(other.end_user_);
  holds_.swap(other.holds_);
  std::swap(attempts_, other.attempts_);
  summary_.swap(other.summary_);
}

std::expected<size_t, Refusal> Reservation::extend(std::string_view model_id, const Amounts& worst, WallTime now) {
  if (!open()) {
    Refusal refusal;
    refusal.reason = RefusalReason::kInvalid;
    return std::unexpected(std::move(refusal));
  }
  return authority_->extend(*this, model_id, worst, now);
}

void Reservation::finish_attempt(size_t attempt, const Amounts& actual) {
  if (open()) authority_->finish_attempt(*this, attempt, actual);
}

Settlement Reservation::settle(std::span<const Amounts> actual) {
  if (!open()) return {};
  Settlement settlement = authority_->close(*this, Ending::kSettled, actual);
  authority_ = nullptr;
  holds_.clear();
  return settlement;
}

Settlement Reservation::preview(std::span<const Amounts> actual) const {
  Settlement settlement;
  settlement.charges = charges_of(holds_, [&](const Hold& hold) { return charge_of(hold, actual); });
  if (std::any_of(holds_.begin(), holds_.end(),
                  [&](const Hold& hold) { return overrun_of(hold, actual) > Picodollars(0); })) {
    for (const auto& overrun : charges_of(holds_, [&](const Hold& hold) { return overrun_of(hold, actual); })) {
      if (overrun.amount <= settlement.overrun) continue;
      settlement.overrun = overrun.amount;
      settlement.overrun_budget = overrun.budget_id;
    }
  }
  for (size_t i = 0; i < attempts_; ++i) settlement.unpriced |= i >= actual.size() || !actual[i].cost;
  return settlement;
}

void Reservation::release() {
  if (!open()) return;
  authority_->close(*this, Ending::kReleased, {});
  authority_ = nullptr;
  holds_.clear();
}

std::vector<model::BudgetCharge> Reservation::open_charges() const {
  return charges_of(holds_, [](const Hold& hold) { return hold.amount.value_or(Picodollars(0)); });
}

std::vector<model::BudgetCharge> Reservation::held_charges() const {
  return charges_of(holds_, [](const Hold& hold) { return hold.amount.value_or(Picodollars(0)) + hold.spare; });
}

std::optional<model::BudgetSummary> Reservation::summary() const {
  auto summary = summary_;
  if (!summary) return summary;
  summary->reserved = Picodollars(0);
  for (const Hold& hold : holds_) {
    if (hold.budget_id == summary->id) summary->reserved += hold.amount.value_or(Picodollars(0));
  }
  return summary;
}

} // namespace kairos::ledger
