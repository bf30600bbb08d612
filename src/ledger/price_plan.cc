#include "ledger/price_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/number.h"

namespace kairos::ledger {
namespace {

constexpr std::int64_t kHundredPercent = 100'000'000; // in 10⁻⁶ per cent

/// What one line of an attempt is charged. With the tenant's own key the provider charges it, and nobody else does.
std::optional<Picodollars> charged_for_line(const PricePlan* plan, const model::CostLine& line,
                                            std::span<const model::Attempt> attempts) {
  const auto attempt = std::ranges::find(attempts, line.attempt, &model::Attempt::index);
  const bool known = attempt != attempts.end();
  if (known && attempt->byok) return Picodollars(0);
  if (plan == nullptr) return line.cost;
  return charged_line(*plan, known ? std::string_view(attempt->model_id) : std::string_view{}, line);
}

std::optional<Picodollars> charged_all(const PricePlan* plan, std::span<const model::CostLine> lines,
                                       std::span<const model::Attempt> attempts) {
  Picodollars sum;
  for (const model::CostLine& line : lines) {
    const auto amount = charged_for_line(plan, line, attempts);
    if (!amount) return std::nullopt;
    sum += *amount;
  }
  return sum;
}

} // namespace

Result<Percent> parse_percent(std::string_view text) {
  const auto units = parse_decimal(text, 6);
  const auto exact = parse_decimal(text, 12);
  if (!units || !exact)
    return fail(Code::kInvalid, fmt::format("'{}' is not a percentage: write it like 12.5", text.substr(0, 40)));
  if (*units * 1'000'000 != *exact)
    return fail(Code::kInvalid, fmt::format("'{}' per cent: at most 6 decimals", text.substr(0, 40)));
  if (*units < -kHundredPercent || *units > Int128{1000} * kHundredPercent) {
    return fail(Code::kInvalid, fmt::format("'{}' per cent: must be from -100 to 100000", text.substr(0, 40)));
  }
  return Percent(static_cast<std::int64_t>(*units));
}

std::optional<Picodollars> with_markup(Picodollars amount, Percent markup) {
  const Int128 product = Int128{amount.value()} * (Int128{kHundredPercent} + markup.value());
  Int128 quotient = product / kHundredPercent;
  const Int128 remainder = product % kHundredPercent;
  const Int128 twice = remainder < 0 ? -2 * remainder : 2 * remainder;
  if (twice > kHundredPercent || (twice == kHundredPercent && quotient % 2 != 0)) quotient += product < 0 ? -1 : 1;
  if (quotient > INT64_MAX || quotient < INT64_MIN) return std::nullopt;
  return Picodollars(static_cast<std::int64_t>(quotient));
}

PricePlan price_plan(const config::PricePlan& configured) {
  PricePlan plan;
  if (configured.markup) plan.markup = Percent(*configured.markup);
  plan.prices = configured.prices;
  return plan;
}

std::optional<Picodollars> worst_charged(const std::optional<config::PricePlan>& configured,
                                         std::optional<Picodollars> worst) {
  if (!configured || !worst) return worst;
  if (!configured->prices.empty() || !configured->markup) return std::nullopt;
  return with_markup(*worst, Percent(*configured->markup));
}

std::optional<Picodollars> charged(const std::optional<config::PricePlan>& configured,
                                   std::span<const model::CostLine> lines, std::span<const model::Attempt> attempts) {
  return configured ? charged(price_plan(*configured), lines, attempts) : charged_all(nullptr, lines, attempts);
}

std::optional<Picodollars> charged_line(const PricePlan& plan, std::string_view model_id, const model::CostLine& line) {
  for (const std::string_view model : {model_id, std::string_view("*")}) {
    const auto own = plan.prices.find({std::string(model), line.meter});
    if (own != plan.prices.end()) return line_cost(line.quantity, own->second);
  }
  return plan.markup && line.cost ? with_markup(*line.cost, *plan.markup) : std::nullopt;
}

std::optional<Picodollars> charged(const PricePlan& plan, std::span<const model::CostLine> lines,
                                   std::span<const model::Attempt> attempts) {
  return charged_all(&plan, lines, attempts);
}

bool paid_by_tenant(std::span<const model::Attempt> attempts) {
  const auto own = [](const model::Attempt& attempt) { return attempt.byok; };
  const auto costs = [](const model::Attempt& attempt) { return attempt.cost != Picodollars(0); };
  return std::ranges::any_of(attempts, own) &&
         std::ranges::none_of(attempts, [&](const auto& attempt) { return costs(attempt) && !own(attempt); });
}

void charge(const config::PricePlan& configured, model::Cost& cost, std::span<const model::Attempt> attempts) {
  const PricePlan plan = price_plan(configured);
  cost.charged = Picodollars(0);
  for (model::CostLine& line : cost.lines) {
    line.charged = charged_for_line(&plan, line, attempts);
    if (!line.charged) cost.charged.reset();
    if (cost.charged) *cost.charged += *line.charged;
  }
}

std::optional<Picodollars> total_of(std::span<const model::CostLine> lines) {
  Picodollars sum;
  for (const model::CostLine& line : lines) {
    if (!line.cost) return std::nullopt;
    sum += *line.cost;
  }
  return sum;
}

model::Savings savings(std::string baseline_model_id, std::span<const model::CostLine> baseline_lines,
                       std::optional<Picodollars> actual_cost) {
  model::Savings result{std::move(baseline_model_id), total_of(baseline_lines), std::nullopt};
  if (result.baseline_cost && actual_cost) result.savings = *result.baseline_cost - *actual_cost;
  return result;
}

} // namespace kairos::ledger
