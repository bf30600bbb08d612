#include "routing/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "routing/field.h"

namespace kairos::routing {
namespace {

std::string_view strategy_of(const RouteInput& input) {
  return input.facts.pinned() ? "pinned" : config::name(input.snapshot.routing.strategy);
}

model::Candidate candidate_of(const Field& field, const Entry& entry) {
  const config::Target& target = *entry.target;
  model::Candidate candidate;
  candidate.model_id = target.model->id;
  candidate.provider = target.provider->id;
  candidate.region = target.endpoint->region;
  candidate.est_cost = entry.est_cost;
  candidate.quality = entry.quality;
  candidate.est_latency_ms = entry.latency_ms;
  if (entry.rank > 0) {
    candidate.rank = entry.rank;
    candidate.score = entry.score;
  }
  for (auto i = entry.causes.none() ? kCauseCount : static_cast<size_t>(entry.causes.first()); i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    if (!entry.causes.has(cause)) continue;
    candidate.reasons.push_back(text_of(field, entry, cause));
    const model::Filter filter = filter_of(cause);
    if (candidate.filters.empty() || candidate.filters.back() != filter) candidate.filters.push_back(filter);
  }
  const bool passed_over = entry.causes.none() && entry.rank == 0;
  if (passed_over) {
    candidate.reasons.push_back(field.input.facts.pinned() ? "the request asks for another model"
                                                           : "would do, but the budget refuses instead of downgrading");
  }
  return candidate;
}

/// Most relevant first: by rank, then what was asked for, then by how far they got, then by cost.
std::vector<const Entry*> by_relevance(const Field& field) {
  using Key = std::tuple<int, bool, int, std::int64_t, const Entry*>; // the entry's place in the field comes last
  std::vector<Key> keys;
  keys.reserve(field.entries.size());
  for (const Entry& entry : field.entries) {
    const int rank = entry.rank > 0 ? entry.rank : INT32_MAX;
    const int got_to = entry.causes.none() ? INT32_MAX : static_cast<int>(filter_of(entry.causes.first()));
    const std::int64_t cost = entry.est_cost ? entry.est_cost->value() : INT64_MAX;
    keys.emplace_back(rank, !entry.pinned, -got_to, cost, &entry);
  }
  std::ranges::sort(keys);
  std::vector<const Entry*> all;
  all.reserve(keys.size());
  for (const Key& key : keys) all.push_back(std::get<const Entry*>(key));
  return all;
}

void list_candidates(const Field& field, Explanation& into) {
  const std::vector<const Entry*> all = by_relevance(field);
  const size_t shown = std::min(all.size(), model::kMaxCandidates);
  into.candidates.reserve(shown);
  for (size_t i = 0; i < shown; ++i) into.candidates.push_back(candidate_of(field, *all[i]));
  std::array<std::int64_t, model::kFilterNames.size() + 1> counts{};
  for (size_t i = shown; i < all.size(); ++i) {
    const Causes& causes = all[i]->causes;
    ++counts[causes.none() ? model::kFilterNames.size() : static_cast<size_t>(filter_of(causes.first()))];
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    into.omitted.emplace_back(i < model::kFilterNames.size() ? model::kFilterNames[i] : "survived", counts[i]);
  }
}

Choice choice_of(const Field& field, const Entry& entry) {
  const AtHand at_hand(field.input);
  const auto worst =
      entry.worst_case ? entry.worst_case : worst_case_of(field.input, entry, at_hand.of(field.input, entry));
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
std::vector<Choice> chain_of(const Field& field) {
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
    Choice& choice = chain.emplace_back(choice_of(field, *entry));
    choice.better = cascade && chain.size() > 1 && entry->quality.value_or(0) > best;
    best = std::max(best, entry->quality.value_or(0));
  }
  return chain;
}

void decide(const Field& field, RouteOutcome& outcome) {
  outcome.chain = chain_of(field);
  for (size_t i = 1; i < outcome.chain.size(); ++i)
    outcome.decision.fallback_chain.push_back(outcome.chain[i].target->model->id);
  const config::Target& target = *field.survivors.front()->target;
  outcome.decision.model_id = target.model->id;
  outcome.decision.provider = target.provider->id;
  outcome.decision.region = target.endpoint->region;
}

/// The message names the candidates that are shown.
RouteRefusal refusal_for(const Field& field) {
  const bool unknown =
      field.input.facts.pinned() && field.input.snapshot.targets_named(field.input.facts.model).empty();
  if (unknown) return unknown_model(field.input);
  std::vector<const Entry*> shown = by_relevance(field);
  shown.resize(std::min(shown.size(), model::kMaxCandidates));
  return refusal_of(field, shown);
}

void count_privacy(const Field& field, RouteOutcome& outcome) {
  outcome.privacy_policy = config::name(field.terms.privacy);
  outcome.privacy_dropped = std::ranges::count_if(field.entries, [](const Entry& entry) {
    return !entry.causes.none() && filter_of(entry.causes.first()) == model::Filter::kPrivacy;
  });
}

void apply_filters(Field& field, const AtHand& at_hand) {
  apply_plain_filters(field, at_hand);
  apply_quality_filter(field, at_hand);
  apply_budget_filter(field, at_hand);
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
  apply_filters(field, at_hand);
  const bool capped = input.budgets.hard_cap() || field.terms.max_cost;
  if (capped) field.wished = best_without_budgets(field);
  if (!budget_refuses(field.wished)) field.survivors = rank_survivors(field);
  count_privacy(field, outcome);
  if (field.survivors.empty()) {
    complete(field);
    outcome.refusal = refusal_for(field);
  } else {
    decide(field, outcome);
  }
  outcome.squeezed = capped && squeezed(field);
  return outcome;
}

std::optional<Picodollars> worst_case(const RouteInput& input, const Choice& choice) {
  Entry entry;
  entry.target = choice.target;
  entry.max_output = choice.max_output_tokens;
  return worst_case_of(input, entry, AtHand(input).of(input, entry));
}

Explanation explain(const RouteOutcome& outcome) {
  Explanation explanation;
  explanation.reason = outcome.refusal ? outcome.refusal->message : reason_of_choice(*outcome.field);
  Field field = *outcome.field;
  complete(field);
  list_candidates(field, explanation);
  return explanation;
}

} // namespace kairos::routing
