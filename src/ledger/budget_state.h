// What has been spent, as a pure fold over the journal: CLOSE and CORRECTION records in, counters out.
// The embedded authority starts from it, `verify` compares with it, checkpoints carry it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "ledger/correction.h"
#include "ledger/period.h"
#include "model/receipt.h"

namespace kairos::ledger {

struct SpentInPeriod {
  PicoSum spent = 0;
  PicoSum overrun = 0;
  std::int64_t unpriced = 0;
  bool blocked = false; // an overrun happened
  bool operator==(const SpentInPeriod&) const = default;
};

class BudgetState {
public:
  using Periods = std::map<PeriodKey, SpentInPeriod>;

  /// Adds a CLOSE record. A sequence at or below position() was folded already and changes nothing.
  /// kCorrupt if a charge names a period that does not exist; then nothing was added.
  Result<> apply(const model::Receipt& closed, std::uint64_t sequence);
  /// Adds the difference that a CORRECTION makes.
  Result<> apply(const Correction& correction, std::uint64_t sequence);

  /// 0 where nothing happened.
  PicoSum spent(std::string_view budget_id, PeriodKey period) const;
  /// The highest sequence folded; 0: none.
  std::uint64_t position() const { return position_; }
  const std::map<std::string, Periods, std::less<>>& budgets() const { return budgets_; }

  /// Compact JSON for checkpoints, and back. kCorrupt says what is wrong.
  std::string to_json() const;
  static Result<BudgetState> from_json(std::string_view json);

  bool operator==(const BudgetState&) const = default;

private:
  std::map<std::string, Periods, std::less<>> budgets_;
  std::uint64_t position_ = 0;
};

} // namespace kairos::ledger
