#include "ledger/budget.h"

#include <fmt/format.h>

namespace kairos::ledger {
namespace {

std::string until(const std::optional<WallTime>& period_ends) {
  return period_ends ? "; its period ends " + to_rfc3339(*period_ends) : "; it has no end";
}

} // namespace

Result<> validate(const BudgetSpec& spec) {
  if (spec.id.empty()) return fail(Code::kInvalid, "a budget needs an id");
  if (spec.id.size() > 128)
    return fail(Code::kInvalid, fmt::format("budget '{:.40}…': id: longer than 128 bytes", spec.id));
  const auto wrong = [&](std::string_view what) {
    return fail(Code::kInvalid, fmt::format("budget '{}': {}", spec.id, what));
  };
  if (spec.cap < Picodollars(0)) return wrong("cap: may not be negative");
  if (spec.cap.value() > 9'000'000 * kOneUsd.value()) return wrong("cap: must be at most 9000000 USD");
  int last = 0;
  for (const int level : spec.warn_levels) {
    if (level <= last || level > 100) return wrong("warn_levels: must be per cents from 1 to 100, ascending");
    last = level;
  }
  return {};
}

std::string Refusal::message() const {
  const std::string head = fmt::format("budget '{}' ({})", budget_id, period);
  switch (reason) {
  case RefusalReason::kInvalid:
    return head + ": the worst case of the request is negative, which is a fault of the router";
  case RefusalReason::kBlocked:
    return fmt::format(
        "{} is blocked because a request cost more than was reserved: cap {} USD, spent {} USD, held {} USD{}", head,
        usd(cap), usd(spent), usd(held), until(period_ends));
  case RefusalReason::kUnpriced:
    return fmt::format("{} is a hard cap and the price of this request is not known; choose a priced model, or allow "
                       "unpriced requests in the budget: cap {} USD, spent {} USD, held {} USD{}",
                       head, usd(cap), usd(spent), usd(held), until(period_ends));
  case RefusalReason::kCap:
    break;
  }
  const std::string needs =
      needed ? "this request needs up to " + usd(*needed) + " USD" : "what this request needs is not known";
  return fmt::format("{} would be passed: cap {} USD, spent {} USD, held for running requests {} USD, {}{}", head,
                     usd(cap), usd(spent), usd(held), needs, until(period_ends));
}

} // namespace kairos::ledger
