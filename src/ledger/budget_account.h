// Inside of the embedded budget authority: a budget's counters, and the index that finds budgets by scope.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/budget.h"

namespace kairos::ledger {

struct BudgetCounter {
  PicoSum spent = 0;
  PicoSum held = 0;
  PicoSum overrun = 0;
  std::int64_t unpriced = 0;
  bool blocked = false;
};

/// The counters of one budget id over its periods. Everything but `number` is guarded by `mutex`.
struct BudgetAccount {
  explicit BudgetAccount(std::uint64_t account_number) : number(account_number) {}

  /// The period that counts now. Once a period has begun, a clock that steps back over its start by up to two days does
  /// not reopen the one before; one that steps back further was wrong before and is believed, with the old counters.
  PeriodKey current(Period kind, WallTime now) const;
  /// The same, and remembers that it began. Forgets periods beyond the newest kKept without holds.
  PeriodKey begin(Period kind, WallTime now);
  BudgetCounter& counter(PeriodKey period) { return periods[period]; }

  static constexpr size_t kKept = 40;
  const std::uint64_t number; // lock order
  std::mutex mutex;
  std::map<PeriodKey, BudgetCounter> periods;
  std::array<std::optional<std::int32_t>, kPeriodCount> newest;
  std::array<std::optional<std::int32_t>, kPeriodCount> forgotten; // periods up to this one are gone

private:
  void forget_old(Period kind);
};

/// Immutable but for what `account` points to.
struct BudgetEntry {
  BudgetSpec spec;
  std::shared_ptr<BudgetAccount> account;
};
using BudgetEntries = std::vector<std::shared_ptr<const BudgetEntry>>;

/// Finds the budgets that apply in a few hash look-ups: one per combination of scope fields in use. Immutable when
/// built.
struct ScopeIndex {
  void add(const std::shared_ptr<const BudgetEntry>& entry);
  /// Appends the budgets that apply; with any_model, those bound to whichever model too.
  void find(const Subject& subject, bool any_model, BudgetEntries& into) const;

private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  struct Group {
    BudgetEntries every_model;
    ByText<BudgetEntries> by_model;
  };
  ByText<Group> groups_;
  std::vector<unsigned> masks_; // combinations of fields in use
};

} // namespace kairos::ledger
