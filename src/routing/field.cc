#include "routing/field.h"

#include <algorithm>
#include <cmath>

#include "base/line_cost.h"
#include "catalog/cost.h"

namespace kairos::routing {
namespace {

std::array<double, model::kCategoryCount> probabilities_of(const model::Classification& classification) {
  auto probabilities = classification.probabilities;
  double sum = 0;
  for (double& p : probabilities) {
    p = std::isfinite(p) && p > 0 ? p : 0;
    sum += p;
  }
  if (sum <= 0) {
    probabilities[static_cast<size_t>(classification.category)] = 1;
    return probabilities;
  }
  for (double& p : probabilities) p /= sum;
  return probabilities;
}

template <class T>
std::optional<T> stricter(std::optional<T> a, std::optional<T> b, const T& (*choose)(const T&, const T&)) {
  if (!a || !b) return a ? a : b;
  return choose(*a, *b);
}

config::PrivacyPolicy privacy_of(const RouteInput& input) {
  const model::Constraints& wishes = input.facts.constraints;
  if (wishes.zero_retention) return config::PrivacyPolicy::kZeroRetention;
  if (wishes.deny_data_collection) return std::max(input.tenant.privacy, config::PrivacyPolicy::kDenyTraining);
  return input.tenant.privacy;
}

/// What is asked for, else the tenant's or the general default.
std::int64_t output_bound(const RouteInput& input) {
  if (input.facts.needs.embeddings) return 0;
  const std::int64_t usual =
      input.tenant.default_max_output_tokens.value_or(input.snapshot.routing.default_max_output_tokens);
  return std::max<std::int64_t>(input.facts.max_output_tokens.value_or(usual), 1);
}

Terms terms_of(const RouteInput& input) {
  const model::Constraints& wishes = input.facts.constraints;
  const config::Guardrails& rails = input.key.guardrails;
  Terms terms;
  terms.probabilities = probabilities_of(input.classification);
  terms.privacy = privacy_of(input);
  double expected = 0;
  for (size_t i = 0; i < model::kCategoryCount; ++i) {
    expected += terms.probabilities[i] * static_cast<double>(input.snapshot.routing.expected_output_tokens[i]);
  }
  for (const double p : terms.probabilities) terms.mass += p;
  terms.expected_output = std::llround(expected);
  terms.output_bound = output_bound(input);
  terms.min_quality = stricter<double>(wishes.min_quality, rails.min_quality, std::max);
  terms.max_cost = stricter<Picodollars>(wishes.max_cost, rails.max_cost_per_request, std::min);
  return terms;
}

/// Adds to `sum`; false: what is to be added is not known.
bool add_cost(Picodollars& sum, std::int64_t quantity, const std::optional<UnitPrice>& price) {
  if (quantity == 0) return true;
  Picodollars cost;
  if (!price || !line_cost(quantity, *price, cost)) return false;
  sum += cost;
  return true;
}

/// Never below the truth: what was counted for this target, else the bound that holds for every tokenizer.
std::int64_t input_bound(const RouteInput& input, const Entry& entry) {
  if (input.counted_input) {
    if (const auto counted = input.counted_input(*entry.target)) return *counted;
  }
  return std::max(input.facts.input_tokens_bound, input.facts.input_tokens_est);
}

} // namespace

Field make_field(const RouteInput& input, const AtHand& at_hand) {
  Field field{input, terms_of(input), {}, {}, nullptr};
  const auto named =
      input.facts.pinned() ? input.snapshot.targets_named(input.facts.model) : std::span<const config::Target* const>{};
  field.entries.reserve(input.snapshot.targets.size());
  for (const config::Target* target : named) field.entries.emplace_back(input, target).pinned = true;
  const config::Target* first = input.snapshot.targets.data();
  for (size_t place = 0; place < at_hand.briefs.targets.size(); ++place) {
    if (!at_hand.briefs.targets[place].candidate) continue;
    if (!named.empty() && std::ranges::find(named, first + place) != named.end()) continue;
    field.entries.emplace_back(input, first + place);
  }
  return field;
}

const catalog::PriceRow* row_of(const Entry& entry) {
  return entry.price != nullptr ? entry.price : catalog::plain_row(entry.target->model->prices);
}

bool estimate(const Field& field, const Brief& brief, const Entry& entry, Picodollars& into) {
  const model::RequestFacts& facts = field.input.facts;
  const catalog::PriceRow* row = entry.price;
  if (row == nullptr && !brief.price) return false;
  // catalog::estimate makes a string for each cost line, which is too slow for every candidate of every request.
  std::int64_t output = 0;
  const std::int64_t choices = std::max<std::int64_t>(facts.choices, 1);
  if (__builtin_mul_overflow(std::min(field.terms.expected_output, entry.max_output), choices, &output)) return false;
  static constexpr catalog::PlainPrice kNone;
  const catalog::PlainPrice& plain = brief.price ? *brief.price : kNone;
  const auto price = [&](model::Meter meter, const std::optional<UnitPrice>& otherwise) -> const auto& {
    return row != nullptr ? row->prices[static_cast<size_t>(meter)] : otherwise;
  };
  const auto& fee = price(model::Meter::kRequest, plain.request);
  into = Picodollars(0);
  return add_cost(into, entry.input_est, price(model::Meter::kInput, plain.input)) &&
         add_cost(into, output, price(model::Meter::kOutput, plain.output)) && (!fee || add_cost(into, 1, fee));
}

void set_estimate(const Field& field, const Brief& brief, Entry& entry) {
  Picodollars cost;
  entry.est_cost.reset();
  if (estimate(field, brief, entry, cost)) entry.est_cost = cost;
}

std::optional<Picodollars> worst_case_of(const RouteInput& input, const Entry& entry, const Brief& brief) {
  const catalog::Bounds bounds{.input_tokens = input_bound(input, entry),
                               .max_output_tokens = entry.max_output,
                               .choices = std::max<std::int64_t>(input.facts.choices, 1),
                               .needs = input.facts.needs};
  if (brief.price && catalog::is_plain(bounds)) return catalog::worst_case(bounds, *brief.price);
  return catalog::worst_case(bounds, entry.target->model->prices, input.now, catalog::ServiceTier::kStandard);
}

} // namespace kairos::routing
