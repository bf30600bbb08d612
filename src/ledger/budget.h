// The nouns of hard caps: what a budget is, what a refusal says, how a budget stands. Plain values.
// Rules: docs/ledger.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "ledger/period.h"
#include "model/enums.h"

namespace kairos::ledger {

/// What a budget counts: our cost, or what a reseller's tenant is charged.
enum class Measure : std::uint8_t { kCost, kCharged };
inline constexpr std::array<std::string_view, 2> kMeasureNames = {"cost", "charged"};
constexpr std::string_view name(Measure v) { return kMeasureNames[static_cast<size_t>(v)]; }

/// Who made it: the configuration file (read-only in the API) or the API.
enum class ManagedBy : std::uint8_t { kFile, kApi };
inline constexpr std::array<std::string_view, 2> kManagedByNames = {"file", "api"};
constexpr std::string_view name(ManagedBy v) { return kManagedByNames[static_cast<size_t>(v)]; }

/// A request is under the budget if every field that is not empty equals its own.
struct Scope {
  std::string tenant;
  std::string workflow;
  std::string api_key_id;
  std::string model_id;
  std::string end_user;
  bool operator==(const Scope&) const = default;
};

struct BudgetSpec {
  std::string id;
  Scope scope;
  Period period = Period::kMonth;
  Picodollars cap;
  Measure measure = Measure::kCost;
  model::OnExceed on_exceed = model::OnExceed::kRefuse;
  std::vector<int> warn_levels; // per cent of the cap, ascending, 1 to 100
  bool allow_unpriced = false;  // requests whose cost is unknown pass, and are counted as such
  ManagedBy managed = ManagedBy::kFile;
  bool operator==(const BudgetSpec&) const = default;
};

/// kInvalid naming the budget and the field: an empty id, a negative or saturated cap, warn levels out of order.
Result<> validate(const BudgetSpec& spec);

/// One amount in each measure; nullopt: not known.
struct Amounts {
  std::optional<Picodollars> cost;
  std::optional<Picodollars> charged;
  std::optional<Picodollars> of(Measure measure) const { return measure == Measure::kCost ? cost : charged; }
};

/// Whom a request is for and which model would serve it; views, valid during the call.
struct Subject {
  std::string_view tenant;
  std::string_view workflow;
  std::string_view api_key_id;
  std::string_view model_id;
  std::string_view end_user;
};

enum class RefusalReason : std::uint8_t {
  kCap,      // spent + held + needed would pass the cap
  kBlocked,  // an overrun blocked the budget until its period ends or somebody unblocks it
  kUnpriced, // the worst case is unknown and the budget does not allow that
  kInvalid,  // the worst case is negative: a fault of the caller
};

/// Why a request may not run: the tightest of the budgets that refuse.
struct Refusal {
  RefusalReason reason = RefusalReason::kCap;
  std::string budget_id;
  model::OnExceed on_exceed = model::OnExceed::kRefuse;
  Picodollars cap;
  Picodollars spent; // saturates
  Picodollars held;
  std::optional<Picodollars> needed;
  std::string period;
  std::optional<WallTime> period_ends; // nullopt: never
  /// One sentence for a person, with every figure.
  std::string message() const;
};

enum class BudgetLevel : std::uint8_t { kOk, kWarn, kBlocked };
inline constexpr std::array<std::string_view, 3> kBudgetLevelNames = {"ok", "warn", "blocked"};
constexpr std::string_view name(BudgetLevel v) { return kBudgetLevelNames[static_cast<size_t>(v)]; }

/// How a budget stands in its current period.
struct BudgetStatus {
  BudgetSpec spec;
  std::string period;
  std::optional<WallTime> period_start;
  std::optional<WallTime> period_ends;
  Picodollars spent;
  Picodollars held;
  Picodollars remaining;     // cap − spent − held; negative after an overrun or a lowered cap
  Picodollars overrun;       // true costs above reservations, in this period
  std::int64_t unpriced = 0; // requests of unknown cost: counted at what was held for them, if anything
  BudgetLevel level = BudgetLevel::kOk;
  std::optional<int> warn_level;        // the highest level reached
  std::optional<Picodollars> projected; // at the period's end, if it goes on as so far; nullopt in the first hundredth
};

} // namespace kairos::ledger
