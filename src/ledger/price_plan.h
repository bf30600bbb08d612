// What a reseller's tenant is charged, and what was saved against its old model. Pure functions over cost lines.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/money.h"
#include "base/result.h"
#include "config/tenant.h"
#include "model/receipt.h"

namespace kairos::ledger {

/// A percentage in units of 10⁻⁶ per cent: "12.5" is 12'500'000. At least −100 %.
class Percent {
public:
  constexpr Percent() = default;
  constexpr explicit Percent(std::int64_t millionths) : value_(millionths) {}
  constexpr std::int64_t value() const { return value_; }
  constexpr auto operator<=>(const Percent&) const = default;

private:
  std::int64_t value_ = 0;
};
/// At most 6 decimals, from −100 to 100000.
Result<Percent> parse_percent(std::string_view text);

/// Own unit prices come first; what has none is cost plus markup; without a markup it is unknown.
struct PricePlan {
  std::string id;
  std::optional<Percent> markup;
  std::map<std::pair<std::string, std::string>, UnitPrice> prices; // (model id, meter name); model "*": any
};

/// amount × (100 % + markup), rounded once, half to even. nullopt if it does not fit.
std::optional<Picodollars> with_markup(Picodollars amount, Percent markup);
/// The plan as configured.
PricePlan price_plan(const config::PricePlan& configured);
/// What a tenant is charged at most for an attempt whose worst case is `worst`: that itself without a plan. nullopt:
/// not known, as under own prices.
std::optional<Picodollars> worst_charged(const std::optional<config::PricePlan>& configured,
                                         std::optional<Picodollars> worst);
/// What a tenant is charged for a request's lines; without a plan their cost. Attempts with the tenant's own keys are
/// charged by the provider, so 0 here.
std::optional<Picodollars> charged(const std::optional<config::PricePlan>& configured,
                                   std::span<const model::CostLine> lines, std::span<const model::Attempt> attempts);
/// True if a tenant's own keys paid for every attempt that cost anything, and for one at least.
bool paid_by_tenant(std::span<const model::Attempt> attempts);
/// One line under the plan; nullopt: unknown.
std::optional<Picodollars> charged_line(const PricePlan& plan, std::string_view model_id, const model::CostLine& line);
/// The sum over a request's lines, each rounded once; nullopt if any is unknown. Models are those of the attempts.
std::optional<Picodollars> charged(const PricePlan& plan, std::span<const model::CostLine> lines,
                                   std::span<const model::Attempt> attempts);

/// Sets what each line is charged, and the sum over all attempts (unknown if one line's is).
void charge(const config::PricePlan& configured, model::Cost& cost, std::span<const model::Attempt> attempts);

/// `baseline_lines`: the usage of the serving attempt (for a cache hit: what would have been used) priced by the
/// catalog at the baseline's row of that day. Unknown if any baseline line or the actual cost is; may be negative.
model::Savings savings(std::string baseline_model_id, std::span<const model::CostLine> baseline_lines,
                       std::optional<Picodollars> actual_cost);

/// Σ of the lines' costs; nullopt if any is unknown.
std::optional<Picodollars> total_of(std::span<const model::CostLine> lines);

} // namespace kairos::ledger
