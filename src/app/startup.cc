#include "app/startup.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <random>

#include "model/receipt_json.h"

namespace kairos::app {

Result<size_t> close_interrupted(journal::Writer& writer, const journal::Recovered& recovered, const Clock& clock) {
  for (const journal::Unclosed& open : recovered.unclosed) {
    auto receipt = model::receipt_from_json(open.last_payload());
    if (!receipt) return fail_in(fmt::format("the OPEN record at {}", journal::to_string(open.open)), receipt.error());
    receipt->completed_at = clock.wall_now();
    journal::Record record{journal::Kind::kClose, open.receipt, clock.wall_now(), model::to_json(*receipt)};
    const auto queued = writer.append(std::move(record), [](const Result<journal::Appended>&) {});
    if (!queued) return std::unexpected(queued.error());
  }
  const auto flushed = writer.flush();
  if (!flushed) return std::unexpected(flushed.error());
  return recovered.unclosed.size();
}

std::vector<ledger::BudgetSpec> budget_specs(const config::Snapshot& snapshot) {
  std::vector<ledger::BudgetSpec> specs;
  for (const config::Budget& budget : snapshot.budgets) {
    ledger::BudgetSpec spec;
    spec.id = budget.id;
    spec.scope = {budget.scope.tenant, budget.scope.workflow, budget.scope.api_key_id, budget.scope.model_id,
                  budget.scope.end_user};
    switch (budget.period) {
    case config::BudgetPeriod::kMonth:
      spec.period = ledger::Period::kMonth;
      break;
    case config::BudgetPeriod::kDay:
      spec.period = ledger::Period::kDay;
      break;
    case config::BudgetPeriod::kTotal:
      spec.period = ledger::Period::kTotal;
      break;
    }
    spec.cap = budget.cap;
    spec.measure = budget.measure == config::BudgetMeasure::kCost ? ledger::Measure::kCost : ledger::Measure::kCharged;
    spec.on_exceed = budget.on_exceed;
    spec.warn_levels = budget.warn_levels;
    spec.managed = budget.managed == config::ManagedBy::kApi ? ledger::ManagedBy::kApi : ledger::ManagedBy::kFile;
    spec.allow_unpriced = snapshot.routing.allow_unpriced;
    specs.push_back(std::move(spec));
  }
  return specs;
}

Result<std::string> fingerprint_key(const std::string& data_dir) {
  const std::string path = data_dir + "/fingerprint.key";
  std::string key;
  if (std::ifstream in(path); in >> key && key.size() == 32) return key;
  std::random_device random;
  key.clear();
  for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", random());
  std::ofstream out(path, std::ios::trunc);
  out << key << "\n";
  out.close();
  if (!out) return fail(Code::kIo, fmt::format("writing {}: check that the folder is writable", path));
  ::chmod(path.c_str(), 0600);
  return key;
}

} // namespace kairos::app
