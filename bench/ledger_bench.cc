// What caps add to a request: reservation and settlement with 10,000 budgets defined, on 1 and 2 threads, against the
// same loop without any budget that applies. `ninja -C build/release ledger_bench && build/release/ledger_bench`.
#include <benchmark/benchmark.h>

#include <memory>

#include "ledger/budgets.h"

namespace {

using namespace kairos;
using namespace kairos::ledger;

constexpr int kBudgets = 10'000;
const WallTime kNow = *parse_rfc3339("2026-11-23T12:00:00Z");

BudgetSpec budget(const std::string& id, Scope scope, Period period) {
  BudgetSpec spec;
  spec.id = id;
  spec.scope = std::move(scope);
  spec.period = period;
  spec.cap = Picodollars(9'000'000 * kOneUsd.value());
  return spec;
}

/// Of 2,000 tenants, each a month, a day, a key's, a workflow's and an end user's budget: four apply to a request.
std::vector<BudgetSpec> specs() {
  std::vector<BudgetSpec> all;
  for (int i = 0; i < kBudgets / 5; ++i) {
    const std::string tenant = "tenant-" + std::to_string(i);
    all.push_back(budget(tenant + "-month", {tenant, "", "", "", ""}, Period::kMonth));
    all.push_back(budget(tenant + "-day", {tenant, "", "", "", ""}, Period::kDay));
    all.push_back(budget(tenant + "-key", {tenant, "", "key", "", ""}, Period::kMonth));
    all.push_back(budget(tenant + "-flow", {tenant, "flow", "", "", ""}, Period::kMonth));
    all.push_back(budget(tenant + "-user", {tenant, "", "", "", "nobody"}, Period::kMonth));
  }
  return all;
}

EmbeddedBudgets& authority() {
  static const std::unique_ptr<EmbeddedBudgets> budgets = [] {
    auto made = std::make_unique<EmbeddedBudgets>();
    if (!made->replace(specs())) std::abort();
    return made;
  }();
  return *budgets;
}

void one_request(const std::string& tenant) {
  auto held = authority().reserve({tenant, "flow", "key", "model", "user"}, {Picodollars(1'000'000), {}}, kNow);
  if (!held) std::abort();
  const Amounts actual{Picodollars(400'000), {}};
  benchmark::DoNotOptimize(held->open_charges());
  held->finish_attempt(0, actual);
  benchmark::DoNotOptimize(held->settle({&actual, 1}));
}

/// Each thread has its tenants, as the requests of two loops mostly have.
void BM_FourBudgetsApply(benchmark::State& state) {
  std::vector<std::string> tenants;
  for (int i = 0; i < 64; ++i) tenants.push_back("tenant-" + std::to_string(2 * i + state.thread_index()));
  size_t next = 0;
  for (auto _ : state) one_request(tenants[++next % tenants.size()]);
}
BENCHMARK(BM_FourBudgetsApply)->ThreadRange(1, 2)->UseRealTime();

/// The worst case: all threads take from the same four budgets.
void BM_FourBudgetsOfOneTenant(benchmark::State& state) {
  for (auto _ : state) one_request("tenant-7");
}
BENCHMARK(BM_FourBudgetsOfOneTenant)->ThreadRange(1, 2)->UseRealTime();

void BM_NoBudgetApplies(benchmark::State& state) {
  for (auto _ : state) one_request("nobody");
}
BENCHMARK(BM_NoBudgetApplies)->ThreadRange(1, 2)->UseRealTime();

} // namespace

BENCHMARK_MAIN();
