#include "ledger/budget_state.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "ledger/number.h"
#include "model/json_writer.h"

namespace kairos::ledger {
namespace {

namespace json = boost::json;

std::unexpected<Error> corrupt_budgets(std::string_view why) {
  return fail(Code::kCorrupt, fmt::format("budget checkpoint: {}", why));
}

Result<> check_periods(const model::Receipt& receipt) {
  for (const model::BudgetCharge& charge : receipt.budget_charges) {
    if (const auto period = parse_period(charge.period); !period) {
      return fail(Code::kCorrupt,
                  fmt::format("receipt {}: budget charge: {}", receipt.receipt_id, period.error().message));
    }
  }
  return {};
}

std::map<std::string, BudgetState::Periods, std::less<>>&
add_charges(std::map<std::string, BudgetState::Periods, std::less<>>& budgets, const model::Receipt& receipt,
            int sign) {
  for (const model::BudgetCharge& charge : receipt.budget_charges) {
    SpentInPeriod& known = budgets[charge.budget_id][*parse_period(charge.period)];
    known.spent += sign * Int128{charge.amount.value()};
    known.unpriced += receipt.cost.total ? 0 : sign;
  }
  return budgets;
}

/// [period, spent, overrun, unpriced, blocked]; sums as text, because JSON readers cut numbers to 64 bits.
Result<std::pair<PeriodKey, SpentInPeriod>> period_from(const json::value& value) {
  const json::array* parts = value.if_array();
  if (parts == nullptr || parts->size() != 5) return corrupt_budgets("a period is not an array of 5");
  const json::string* period = (*parts)[0].if_string();
  const json::string* spent = (*parts)[1].if_string();
  const json::string* overrun = (*parts)[2].if_string();
  const std::int64_t* unpriced = (*parts)[3].if_int64();
  const bool* blocked = (*parts)[4].if_bool();
  if (period == nullptr || spent == nullptr || overrun == nullptr || unpriced == nullptr || blocked == nullptr) {
    return corrupt_budgets("a period has a field of the wrong type");
  }
  const auto key = parse_period(*period);
  const auto spent_sum = parse_decimal(*spent, 0);
  const auto overrun_sum = parse_decimal(*overrun, 0);
  if (!key || !spent_sum || !overrun_sum) return corrupt_budgets("a period has a field that cannot be read");
  return std::pair(*key, SpentInPeriod{*spent_sum, *overrun_sum, *unpriced, *blocked});
}

} // namespace

Result<> BudgetState::apply(const model::Receipt& closed, std::uint64_t sequence) {
  if (sequence <= position_) return {};
  if (auto sound = check_periods(closed); !sound) return sound;
  add_charges(budgets_, closed, 1);
  position_ = sequence;
  if (!closed.budget || closed.budget->overrun <= Picodollars(0)) return {};
  for (const model::BudgetCharge& charge : closed.budget_charges) {
    SpentInPeriod& known = budgets_[charge.budget_id][*parse_period(charge.period)];
    known.overrun += closed.budget->overrun.value();
    known.blocked = true;
  }
  return {};
}

Result<> BudgetState::apply(const Correction& correction, std::uint64_t sequence) {
  if (sequence <= position_) return {};
  if (auto sound = check_periods(correction.before); !sound) return sound;
  if (auto sound = check_periods(correction.after); !sound) return sound;
  add_charges(add_charges(budgets_, correction.before, -1), correction.after, 1);
  position_ = sequence;
  return {};
}

PicoSum BudgetState::spent(std::string_view budget_id, PeriodKey period) const {
  const auto budget = budgets_.find(budget_id);
  if (budget == budgets_.end()) return 0;
  const auto found = budget->second.find(period);
  return found == budget->second.end() ? 0 : found->second.spent;
}

std::string BudgetState::to_json() const {
  std::string out;
  model::JsonWriter writer(out);
  writer.begin_object().key("position").string(std::to_string(position_));
  writer.key("budgets").begin_object();
  for (const auto& [id, periods] : budgets_) {
    writer.escaped_key(id).begin_array();
    for (const auto& [period, known] : periods) {
      writer.begin_array().string(to_text(period)).string(decimal(known.spent, 0)).string(decimal(known.overrun, 0));
      writer.integer(known.unpriced).boolean(known.blocked).end_array();
    }
    writer.end_array();
  }
  writer.end_object().end_object();
  return out;
}

Result<BudgetState> BudgetState::from_json(std::string_view text) {
  json::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  const json::object* object = error ? nullptr : root.if_object();
  if (object == nullptr) return corrupt_budgets("not a JSON object");
  const json::value* position = object->if_contains("position");
  const json::value* budgets = object->if_contains("budgets");
  if (position == nullptr || !position->is_string() || budgets == nullptr || !budgets->is_object()) {
    return corrupt_budgets("'position' or 'budgets' is missing");
  }
  BudgetState state;
  const auto at = parse_decimal(position->get_string(), 0);
  if (!at || *at < 0 || *at > UINT64_MAX) return corrupt_budgets("'position' is not a sequence");
  state.position_ = static_cast<std::uint64_t>(*at);
  for (const auto& [id, periods] : budgets->get_object()) {
    if (!periods.is_array()) return corrupt_budgets("a budget is not an array of periods");
    for (const json::value& value : periods.get_array()) {
      auto period = period_from(value);
      if (!period) return std::unexpected(period.error());
      state.budgets_[std::string(id)][period->first] = period->second;
    }
  }
  return state;
}

} // namespace kairos::ledger
