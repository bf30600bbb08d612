// Hard caps: spent + held + worst case ≤ cap for every budget that applies, checked and held in one atomic step.
// BudgetAuthority is the seam (a second one will lease blocks from a shared database); EmbeddedBudgets keeps all in
// memory.
#pragma once

#include <array>
#include <atomic>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ledger/budget.h"
#include "ledger/budget_state.h"
#include "ledger/reservation.h"
#include "model/views.h"

namespace kairos::ledger {

enum class Ending : std::uint8_t { kSettled, kReleased, kAbandoned };

/// Thread-safe. Specifications come and go; what is spent belongs to budget id and period.
class BudgetAuthority {
public:
  virtual ~BudgetAuthority() = default;
  /// Holds `worst` in every budget that applies, or in none. No budget applies: a reservation that holds nothing.
  virtual std::expected<Reservation, Refusal> reserve(const Subject& subject, const Amounts& worst, WallTime now) = 0;
  /// What is left in each budget that applies, those bound to one model included (`subject.model_id` is ignored).
  virtual model::Budgets headrooms(const Subject& subject, WallTime now) = 0;
  /// How every budget stands, ordered by id.
  virtual std::vector<BudgetStatus> status(WallTime now) = 0;
  /// Puts these in place of all specifications, or of none (kInvalid, kConflict: an id twice). A cap below what is
  /// held or spent stops nothing that runs; new requests are refused.
  virtual Result<> replace(std::vector<BudgetSpec> specs) = 0;
  /// An operator has seen the overrun: the budget works again in its current period. kNotFound.
  virtual Result<> unblock(std::string_view budget_id) = 0;

private:
  friend class Reservation;
  virtual std::expected<size_t, Refusal> extend(Reservation& reservation, std::string_view model_id,
                                                const Amounts& worst, WallTime now) = 0;
  virtual void finish_attempt(Reservation& reservation, size_t attempt, const Amounts& actual) = 0;
  /// `actual` is looked at only if settled; empties nothing but the counters.
  virtual Settlement close(Reservation& reservation, Ending ending, std::span<const Amounts> actual) = 0;
};

struct BudgetAccount;
struct ScopeIndex;

/// No global lock: the index of specifications is immutable and reached through one mutex per shard of tenants, held
/// for the copy of a pointer; each budget's counters have their own mutex, and those of one request are locked in the
/// order of account numbers. Budgets without a tenant are in a shard of their own.
class EmbeddedBudgets final : public BudgetAuthority {
public:
  /// Starts from what the journal says is spent.
  explicit EmbeddedBudgets(const BudgetState& spent = {});
  ~EmbeddedBudgets() override;

  std::expected<Reservation, Refusal> reserve(const Subject& subject, const Amounts& worst, WallTime now) override;
  model::Budgets headrooms(const Subject& subject, WallTime now) override;
  std::vector<BudgetStatus> status(WallTime now) override;
  Result<> replace(std::vector<BudgetSpec> specs) override;
  Result<> unblock(std::string_view budget_id) override;

  /// A correction arrived while running: spent moves by after − before.
  void apply(const Correction& correction);
  /// Reservations destroyed while open since start; their money is still held.
  std::uint64_t abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

private:
  static constexpr size_t kShards = 64;
  struct Shard {
    std::mutex mutex;
    std::shared_ptr<const ScopeIndex> index;
  };

  std::expected<size_t, Refusal> extend(Reservation& reservation, std::string_view model_id, const Amounts& worst,
                                        WallTime now) override;
  void finish_attempt(Reservation& reservation, size_t attempt, const Amounts& actual) override;
  Settlement close(Reservation& reservation, Ending ending, std::span<const Amounts> actual) override;

  static size_t shard_of(std::string_view tenant);
  std::vector<std::shared_ptr<const BudgetEntry>> matching(const Subject& subject, bool any_model);
  std::shared_ptr<BudgetAccount> account(std::string_view budget_id); // registry_mutex_ held
  void publish();                                                     // registry_mutex_ held
  void forget_empty_accounts();                                       // registry_mutex_ held

  std::array<Shard, kShards> shards_; // by tenant
  Shard tenantless_;
  std::atomic<bool> any_tenantless_{false};
  std::atomic<std::uint64_t> abandoned_{0};

  std::mutex registry_mutex_; // taken before shard and account mutexes; never on the request path
  std::map<std::string, std::shared_ptr<BudgetAccount>, std::less<>> accounts_;
  std::vector<std::shared_ptr<const BudgetEntry>> entries_; // ordered by id
  std::uint64_t next_account_ = 0;
};

} // namespace kairos::ledger
