#include "ledger/amend.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ledger/price_plan.h"

namespace kairos::ledger {
namespace {

using model::Meter;

constexpr std::int64_t kMostTokens = 1'000'000'000'000;

Result<> check_truth(const AttemptTruth& truth) {
  if (!truth.tokens && !truth.cost) return fail(Code::kInvalid, "neither tokens nor a cost is given");
  if (truth.cost && *truth.cost < Picodollars(0)) return fail(Code::kInvalid, "cost_usd: may not be negative");
  if (!truth.tokens) return {};
  for (const Int128 count :
       {truth.tokens->input, truth.tokens->cache_read, truth.tokens->cache_write, truth.tokens->output}) {
    if (count < 0 || count > kMostTokens) return fail(Code::kInvalid, "usage: token counts must be from 0 to 10^12");
  }
  return {};
}

/// Their four classes in ours: what the export does not tell apart (reasoning, lifetimes of cache writes) stays as it
/// was, as far as it fits.
model::Usage usage_of(const model::Usage& before, const TokenSums& tokens) {
  model::Usage usage = before;
  const auto count = [](Int128 value) { return static_cast<std::int64_t>(value); };
  usage[Meter::kCacheRead] = count(tokens.cache_read);
  usage[Meter::kCacheReadAudio] = usage[Meter::kCacheReadImage] = 0;
  usage[Meter::kCacheWrite1h] = std::min(before[Meter::kCacheWrite1h], count(tokens.cache_write));
  usage[Meter::kCacheWrite] = count(tokens.cache_write) - usage[Meter::kCacheWrite1h];
  const std::int64_t other_input =
      usage.input_total() - usage[Meter::kInput] - count(tokens.cache_read) - count(tokens.cache_write);
  usage[Meter::kInput] = std::max<std::int64_t>(0, count(tokens.input) - other_input);
  const std::int64_t other_output = usage.output_total() - usage[Meter::kOutput];
  usage[Meter::kOutput] = std::max<std::int64_t>(0, count(tokens.output) - other_output);
  usage.source = model::UsageSource::kProvider;
  return usage;
}

/// The attempt's lines anew: token classes at the prices it was billed at, all else as it was.
std::vector<model::CostLine> lines_of(const model::Receipt& receipt, int attempt, const model::Usage& usage) {
  std::vector<model::CostLine> lines;
  std::map<std::string, std::optional<UnitPrice>, std::less<>> prices;
  for (const model::CostLine& line : receipt.cost.lines) {
    if (line.attempt != attempt) continue;
    prices[line.meter] = line.unit_price;
    const auto meter = model::parse_meter(line.meter);
    if (!meter || !model::is_token_meter(*meter)) lines.push_back(line);
  }
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    if (!model::is_token_meter(meter) || usage[meter] == 0) continue;
    const std::string name(model::meter_name(meter));
    const auto price = prices.contains(name) ? prices[name] : std::nullopt;
    lines.push_back({attempt, name, usage[meter], price, price ? line_cost(usage[meter], *price) : std::nullopt});
  }
  return lines;
}

void add_up(model::Receipt& receipt) {
  receipt.cost.total = Picodollars(0);
  receipt.usage = receipt.attempts.front().usage;
  for (size_t i = 0; i < receipt.attempts.size(); ++i) {
    const auto& cost = receipt.attempts[i].cost;
    if (i > 0) receipt.usage.add(receipt.attempts[i].usage);
    if (!cost) receipt.cost.total.reset();
    if (cost && receipt.cost.total) *receipt.cost.total += *cost;
  }
  receipt.cost.basis = model::CostBasis::kMetered;
}

} // namespace

Result<Correction> amend(const model::Receipt& current, const AttemptTruth& truth, const BudgetIds& charged_budgets,
                         std::string reason, WallTime now) {
  if (auto good = check_truth(truth); !good) return std::unexpected(good.error());
  model::Receipt after = current;
  const auto attempt = std::ranges::find(after.attempts, truth.response_id, &model::Attempt::response_id);
  if (truth.response_id.empty() || attempt == after.attempts.end()) {
    return fail(Code::kNotFound, fmt::format("receipt {} has no attempt with response id '{}'", current.receipt_id,
                                             truth.response_id.substr(0, 100)));
  }
  const bool same_tokens = !truth.tokens || token_sums(attempt->usage) == *truth.tokens;
  const bool same_cost = !truth.cost || attempt->cost == truth.cost;
  if (same_tokens && same_cost && current.cost.basis != model::CostBasis::kReservation) {
    return fail(Code::kConflict, fmt::format("receipt {} says so already", current.receipt_id));
  }
  if (!same_tokens) attempt->usage = usage_of(attempt->usage, *truth.tokens);
  auto lines = lines_of(current, attempt->index, attempt->usage);
  attempt->cost = truth.cost ? truth.cost : total_of(lines);
  const auto& before = current.attempts[static_cast<size_t>(attempt - after.attempts.begin())];
  if (attempt->usage == before.usage && attempt->cost == before.cost &&
      current.cost.basis != model::CostBasis::kReservation) {
    return fail(Code::kConflict,
                fmt::format("receipt {} already says as much of it as fits its classes", current.receipt_id));
  }
  std::erase_if(after.cost.lines, [&](const model::CostLine& line) { return line.attempt == attempt->index; });
  std::ranges::move(lines, std::back_inserter(after.cost.lines));
  add_up(after);
  const std::vector<std::string> charged(charged_budgets.begin(), charged_budgets.end());
  return make_correction(current, after.usage, after.cost, charged, std::move(reason), now, std::move(after.attempts));
}

} // namespace kairos::ledger
