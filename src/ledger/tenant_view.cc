#include "ledger/tenant_view.h"

#include <algorithm>

namespace kairos::ledger {
namespace {

constexpr std::string_view kBudgetText = "budget '"; // as Refusal::message() begins
constexpr std::string_view kUnit = " USD";
constexpr std::string_view kScore = " (score ";

/// What the attempt is charged; unknown if one of its lines is.
std::optional<Picodollars> charged_for_attempt(const model::Cost& cost, int attempt) {
  std::optional<Picodollars> sum = cost.charged ? std::optional(Picodollars(0)) : std::nullopt;
  for (const model::CostLine& line : cost.lines) {
    if (line.attempt != attempt) continue;
    if (!line.charged) return std::nullopt;
    if (sum) *sum += *line.charged;
  }
  return sum;
}

void hide_candidates(model::Receipt& receipt, const BudgetIds& charged) {
  for (model::Candidate& candidate : receipt.candidates) {
    candidate.est_cost.reset();
    candidate.score.reset(); // a weighted sum, of cost too
    for (std::string& reason : candidate.reasons) reason = tenant_text(reason, charged);
  }
}

void hide_costs(model::Receipt& receipt) {
  for (model::Attempt& attempt : receipt.attempts) attempt.cost = charged_for_attempt(receipt.cost, attempt.index);
  for (model::CostLine& line : receipt.cost.lines) {
    line.cost = line.charged;
    line.unit_price.reset();
  }
  receipt.cost.total = receipt.cost.charged;
  receipt.savings.reset();
  if (receipt.cache) receipt.cache->avoided_cost.reset();
}

} // namespace

BudgetIds charged_budgets(const config::Snapshot& snapshot) {
  BudgetIds ids;
  for (const config::Budget& budget : snapshot.budgets) {
    if (budget.measure == config::BudgetMeasure::kCharged) ids.insert(budget.id);
  }
  return ids;
}

model::Receipt tenant_view(model::Receipt receipt, const BudgetIds& charged) {
  hide_candidates(receipt, charged);
  hide_costs(receipt);
  if (receipt.budget && !charged.contains(receipt.budget->id)) receipt.budget.reset();
  std::erase_if(receipt.budget_charges,
                [&](const model::BudgetCharge& one) { return !charged.contains(one.budget_id); });
  receipt.decision.reason = tenant_text(receipt.decision.reason, charged);
  receipt.execution.error_message = tenant_text(receipt.execution.error_message, charged);
  return receipt;
}

std::string tenant_text(std::string_view text, const BudgetIds& charged) {
  if (text.starts_with(kBudgetText)) {
    const std::string_view id = text.substr(kBudgetText.size());
    if (charged.contains(id.substr(0, id.find('\'')))) return std::string(text);
  }
  std::string out(text);
  for (size_t at = 0; (at = out.find(kUnit, at)) != std::string::npos;) {
    const size_t before = at == 0 ? std::string::npos : out.find_last_not_of("0123456789.-", at - 1);
    const size_t begin = before == std::string::npos ? 0 : before + 1;
    if (begin < at) out.replace(begin, at - begin, "…");
    at = out.find(kUnit, begin) + kUnit.size();
  }
  if (const size_t score = out.find(kScore); score != std::string::npos) {
    const size_t end = std::min(out.find(')', score), out.size() - 1);
    out.erase(score, end + 1 - score);
  }
  return out;
}

} // namespace kairos::ledger
