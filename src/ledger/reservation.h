// Reservation: the money held for one request, over all its attempts and all budgets that apply. Move-only; belongs to
// the request's thread. It ends exactly once, by settle() or release(); afterwards it is empty and may be destroyed.
// Destroyed while open (a bug, or a process going down) its money STAYS held, as after a crash: the journal's OPEN
// record says what it was for, and recovery closes it. The authority counts such cases (abandoned()).
// Must not outlive its authority.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/money.h"
#include "ledger/budget.h"
#include "model/receipt.h"

namespace kairos::ledger {

class BudgetAuthority;
struct BudgetEntry; // a budget's specification and its account; inside the embedded authority

/// Part of one budget's money held for one attempt.
struct Hold {
  std::shared_ptr<const BudgetEntry> entry;
  std::string_view budget_id; // owned by `entry`
  Measure measure = Measure::kCost;
  PeriodKey period;
  size_t attempt = 0;
  std::optional<Picodollars> amount; // nullopt: unpriced, and the budget allows it
  Picodollars overrun;               // by how much a finished attempt cost more than was held for it
  Picodollars spare;                 // still held, but not needed by the finished attempt: for a further one
};

/// What a hold comes to when its attempt cost `actual`; an unknown, missing or negative cost counts as what is held.
Picodollars charge_of(const Hold& hold, std::span<const Amounts> actual);
/// Whether an earlier hold takes from the same budget and period.
bool repeats(std::span<const Hold> holds, size_t index);

/// What settling came to.
struct Settlement {
  std::vector<model::BudgetCharge> charges; // for the CLOSE record: exactly what was added to `spent`
  Picodollars overrun;                      // true cost above what was held, over all attempts; of the worst budget
  std::string overrun_budget;               // in which budget
  bool unpriced = false;                    // the cost of an attempt is unknown
};

class Reservation {
public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept { swap(other); }
  Reservation& operator=(Reservation&& other) noexcept;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();

  /// False for one that is default-made, moved from, settled or released.
  bool open() const { return authority_ != nullptr; }
  size_t attempts() const { return attempts_; }

  /// Holds the worst case of one more attempt (retry, fallback, hedge), possibly of another model. Its index, or a
  /// refusal, which leaves everything as it was.
  std::expected<size_t, Refusal> extend(std::string_view model_id, const Amounts& worst, WallTime now);
  /// An attempt is over and its cost known. What was held beyond it stays held, since the journal's last record of the
  /// request still says so, but a further attempt of this request may take it: a failed one does not starve its
  /// fallback.
  void finish_attempt(size_t attempt, const Amounts& actual);
  /// Turns held into spent: actual[i] is the cost of attempt i. An unknown or missing one is taken at what is held.
  Settlement settle(std::span<const Amounts> actual);
  /// What settle(actual) would charge: the CLOSE record is written before settling.
  Settlement preview(std::span<const Amounts> actual) const;
  /// Gives everything back: nothing was sent to any provider.
  void release();

  /// Costs and worst cases of all attempts, per budget and period: `budget_charges` of the OPEN and ATTEMPT records.
  std::vector<model::BudgetCharge> open_charges() const;
  /// What the budgets hold for this request: those, and what finished attempts did not need.
  std::vector<model::BudgetCharge> held_charges() const;
  /// The tightest budget as it stood at reservation, for the receipt; nullopt if none applies.
  std::optional<model::BudgetSummary> summary() const;

private:
  friend class EmbeddedBudgets;
  void swap(Reservation& other) noexcept;

  BudgetAuthority* authority_ = nullptr;
  std::string tenant_, workflow_, api_key_id_, end_user_;
  std::vector<Hold> holds_; // attempts in order, so that equal budgets may occur several times
  size_t attempts_ = 0;
  std::optional<model::BudgetSummary> summary_;
};

} // namespace kairos::ledger
