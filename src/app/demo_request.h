// One invented request of the demo's past, from question to finished receipt.
#pragma once

#include "app/demo_cache.h"
#include "base/ulid.h"
#include "config/snapshot.h"
#include "ledger/budgets.h"
#include "model/receipt.h"
#include "routing/route.h"
#include "sim/workload.h"

namespace kairos::app {

struct PastWorld {
  const config::Snapshot& snapshot;
  ledger::BudgetAuthority& budgets;
  sim::Random& random;
  PastCache& cache;
  WallTime end;                              // when the history ends: outages are told relative to it
  size_t candidates = model::kMaxCandidates; // that a receipt shows
};

/// Routes, reserves, invents the providers' answers, prices and settles.
class PastRequest {
public:
  PastRequest(PastWorld world, const sim::Workload& load, const Ulid& id, WallTime at);
  model::Receipt run();

private:
  void describe();
  void decide();
  void show_fewer(size_t candidates);
  void refuse(int http_status, std::string code, std::string message, std::string budget_id);
  void serve();
  void serve_from(const PastCache::Answer& kept);
  void compare(const model::Usage& usage);
  bool attempt(const routing::Choice& choice, ledger::Reservation& held);
  /// Why this attempt fails; empty: it does not.
  std::string failure(const std::string& provider);
  void fail_attempt(model::Attempt& made, const std::string& error);
  void answer(model::Attempt& made, const routing::Choice& choice);
  void price(model::Attempt made, const routing::Choice& choice, ledger::Reservation& held);
  void add_up(ledger::Reservation& held);
  ledger::Amounts amounts(std::optional<Picodollars> cost, std::span<const model::CostLine> lines) const;
  ledger::Subject subject(std::string_view model_id) const;

  PastWorld world_;
  const sim::Workload& load_;
  config::KeyOwner owner_;
  model::RequestFacts facts_;
  model::Receipt receipt_;
  routing::RouteOutcome route_;
  std::vector<ledger::Amounts> actual_;
  std::int64_t waited_ms_ = 0;
};

} // namespace kairos::app
