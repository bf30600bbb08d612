#include "routing/route.h"

#include <algorithm>

#include "routing/field.h"

namespace kairos::routing {
namespace {

std::string_view strategy_of(const RouteInput& input) {
  return input.facts.pinned() ? "pinned" : config::name(input.snapshot.routing.strategy);
}

Choice choice_of(const Field& field, const AtHand& at_hand, const Entry& entry) {
  const auto worst = entry.worst_case ? entry.worst_case : worst_case_of(field.input, entry, at_hand.of(entry));
  return {.target = entry.target,
          .max_output_tokens = entry.max_output,
          .clamped = entry.clamped,
          .worst_case = worst,
          .est_cost = entry.est_cost,
          .price = row_of(entry),
          .expected_output = std::min(field.terms.expected_output, entry.max_output)};
}

/// Of a cascade: the first, then each that is better than all before it; what is left serves where those fail.
std::vector<const Entry*> by_steps(const Field& field) {
  std::vector<const Entry*> steps;
  std::vector<const Entry*> rest;
  double best = -1;
  for (const Entry* entry : field.survivors) {
    const bool better = steps.empty() || entry->quality.value_or(0) > best;
    (better ? steps : rest).push_back(entry);
    if (better) best = entry->quality.value_or(0);
  }
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

/// The targets to be tried, in their order.
std::vector<Choice> chain_of(const Field& field, const AtHand& at_hand) {
  const config::Routing& routing = field.input.snapshot.routing;
  const bool cascade = routing.strategy == config::Strategy::kCascade && !field.input.facts.pinned();
  const bool single = routing.strategy == config::Strategy::kSingle;
  const size_t most = single ? 1 : static_cast<size_t>(routing.fallback.max_attempts);
  std::vector<const Entry*> order(field.survivors.begin(), field.survivors.end());
  if (cascade) order = by_steps(field);
  order.resize(std::min(order.size(), most));
  std::vector<Choice> chain;
  chain.reserve(order.size());
  double best = -1;
  for (const Entry* entry : order) {
    Choice& choice = chain.emplace_back(choice_of(field, at_hand, *entry));
    choice.better = cascade && chain.size() > 1 && entry->quality.value_or(0) > best;
    best = std::max(best, entry->quality.value_or(0));
  }
  return chain;
}

void decide(const Field& field, const AtHand& at_hand, RouteOutcome& outcome) {
  outcome.chain = chain_of(field, at_hand);
  for (size_t i = 1; i < outcome.chain.size(); ++i)
    outcome.decision.fallback_chain.push_back(outcome.chain[i].target->model->id);
  const config::Target& target = *field.survivors.front()->target;
  outcome.decision.model_id = target.model->id;
  outcome.decision.provider = target.provider->id;
  outcome.decision.region = target.endpoint->region;
}

/// The message names the candidates that are shown.
RouteRefusal refusal_for(const Field& field, const AtHand& at_hand) {
  const bool unknown =
      field.input.facts.pinned() && field.input.snapshot.targets_named(field.input.facts.model).empty();
  if (unknown) return unknown_model(field.input);
  std::vector<const Entry*> shown = by_relevance(field, at_hand, model::kMaxCandidates);
  shown.resize(std::min(shown.size(), model::kMaxCandidates));
  return refusal_of(field, shown);
}

void count_privacy(const Field& field, RouteOutcome& outcome) {
  outcome.privacy_policy = config::name(field.terms.privacy);
  if (field.terms.privacy == config::PrivacyPolicy::kNone) return; // then that filter drops nothing
  outcome.privacy_dropped = std::ranges::count_if(field.entries, [](const Entry& entry) {
    return !entry.causes.none() && filter_of(entry.causes.first()) == model::Filter::kPrivacy;
  });
}

/// A budget that refuses does not let a cheaper model take the place of the one that it cannot pay.
bool budget_refuses(const Entry* wished) {
  return wished != nullptr && wished->causes.has(Cause::kOverBudget) && wished->refused;
}

bool squeezed(const Field& field) {
  if (field.wished == nullptr) return false; // something else than money stands in the way
  return field.survivors.empty() || field.survivors.front() != field.wished || field.wished->clamped;
}

} // namespace

RouteOutcome route(const RouteInput& input) {
  RouteOutcome outcome;
  outcome.decision.strategy = strategy_of(input);
  outcome.decision.router_version = kRouterVersion;
  outcome.decision.policy_version = input.snapshot.version;
  const AtHand at_hand(input);
  const auto shared = std::make_shared<Field>(make_field(input, at_hand));
  outcome.field = shared;
  Field& field = *shared;
  apply_plain_filters(field, at_hand);
  apply_quality_filter(field, at_hand);
  const bool dropped = apply_budget_filter(field, at_hand);
  const bool capped = input.budgets.hard_cap() || field.terms.max_cost;
  if (dropped) field.wished = best_without_budgets(field);
  if (!budget_refuses(field.wished)) field.survivors = rank_survivors(field);
  const bool all_fit = capped && !dropped && !field.survivors.empty();
  if (all_fit) field.wished = field.survivors.front(); // as best_without_budgets() would find
  count_privacy(field, outcome);
  if (field.survivors.empty()) {
    for (Entry& entry : field.entries) complete(field, at_hand.of(entry), entry);
    outcome.refusal = refusal_for(field, at_hand);
  } else {
    decide(field, at_hand, outcome);
  }
  outcome.squeezed = capped && squeezed(field);
  return outcome;
}

std::optional<Picodollars> worst_case(const RouteInput& input, const Choice& choice) {
  Entry entry(input, choice.target);
  entry.max_output = choice.max_output_tokens;
  return worst_case_of(input, entry, AtHand(input).of(entry));
}

} // namespace kairos::routing
