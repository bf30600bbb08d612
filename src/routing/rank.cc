// Scores and order of the survivors. Formula and strategies: docs/routing.md.
#include <algorithm>
#include <limits>
#include <tuple>

#include "routing/field.h"

namespace kairos::routing {
namespace {

constexpr double kUnknownLatency = 0.5; // neither praised nor blamed

std::int64_t cost_or_most(const Entry& entry) {
  return entry.est_cost ? entry.est_cost->value() : std::numeric_limits<std::int64_t>::max();
}
std::int64_t latency_or_most(const Entry& entry) {
  return entry.latency_ms.value_or(std::numeric_limits<std::int64_t>::max());
}

/// The least of the survivors; 1 is reached by whoever has it.
struct Least {
  double quality = 0; // the greatest, that is
  std::int64_t cost = std::numeric_limits<std::int64_t>::max();
  std::int64_t latency = std::numeric_limits<std::int64_t>::max();
};

double ratio(std::int64_t least, std::int64_t own) {
  if (own <= 0) return 1;
  return std::max(static_cast<double>(least), 0.0) / static_cast<double>(own);
}

double score_of(const config::Weights& weights, const Least& least, const Entry& entry) {
  const double quality = least.quality > 0 ? entry.quality.value_or(0) / least.quality : 0;
  const double cost = entry.est_cost ? ratio(least.cost, entry.est_cost->value()) : 0;
  const double latency = entry.latency_ms ? ratio(least.latency, *entry.latency_ms) : kUnknownLatency;
  return weights.quality * quality + weights.cost * cost + weights.latency * latency;
}

bool too_slow(const Field& field, const Entry& entry) {
  const model::Constraints& wishes = field.input.facts.constraints;
  const bool late = wishes.preferred_max_latency_ms && entry.latency_ms.value_or(0) > *wishes.preferred_max_latency_ms;
  const bool trickles = wishes.preferred_min_throughput && entry.tokens_per_second &&
                        *entry.tokens_per_second < static_cast<double>(*wishes.preferred_min_throughput);
  return late || trickles;
}

std::int64_t context_if_asked(const Field& field, const Entry& entry) {
  if (field.input.facts.variant != model::Variant::kExtended) return 0;
  return entry.target->model->context_length.value_or(0);
}

/// By the strategy alone: negative if `a` comes first.
int compare(const Field& field, const Entry& a, const Entry& b) {
  const auto less_first = [](auto left, auto right) { return left < right ? -1 : right < left ? 1 : 0; };
  const config::Strategy strategy = field.input.snapshot.routing.order;
  const int by_cost = less_first(cost_or_most(a), cost_or_most(b));
  if (a.pinned || strategy == config::Strategy::kCheapest) return by_cost;
  if (strategy == config::Strategy::kBalanced) return less_first(b.score, a.score);
  const int by_quality = less_first(b.quality.value_or(-1), a.quality.value_or(-1));
  return by_quality != 0 ? by_quality : by_cost;
}

bool in_the_race(const Field& field, const Entry& entry) { return entry.pinned || !field.input.facts.pinned(); }

/// Sets the scores of `entries` against each other.
void score(const Field& field, const std::vector<Entry*>& entries) {
  Least least;
  for (const Entry* entry : entries) {
    least.quality = std::max(least.quality, entry->quality.value_or(0));
    least.cost = std::min(least.cost, cost_or_most(*entry));
    least.latency = std::min(least.latency, latency_or_most(*entry));
  }
  for (Entry* entry : entries) entry->score = score_of(field.input.snapshot.routing.weights, least, *entry);
}

} // namespace

bool better(const Field& field, const Entry& a, const Entry& b) {
  const bool slow_a = too_slow(field, a), slow_b = too_slow(field, b);
  if (slow_a != slow_b) return slow_b;
  const std::int64_t context_a = context_if_asked(field, a), context_b = context_if_asked(field, b);
  if (context_a != context_b) return context_a > context_b;
  if (const int order = compare(field, a, b); order != 0) return order < 0;
  const auto rest = [](const Entry& entry) {
    const config::Target& target = *entry.target;
    return std::tuple<std::int64_t, const std::string&, const std::string&, const std::string&>(
        latency_or_most(entry), target.model->id, target.provider->id, target.endpoint->region);
  };
  return rest(a) < rest(b);
}

std::vector<Entry*> rank_survivors(Field& field) {
  std::vector<Entry*> survivors;
  survivors.reserve(field.entries.size());
  for (Entry& entry : field.entries) {
    if (entry.causes.none() && in_the_race(field, entry)) survivors.push_back(&entry);
  }
  score(field, survivors);
  std::ranges::sort(survivors, [&](const Entry* a, const Entry* b) { return better(field, *a, *b); });
  for (size_t i = 0; i < survivors.size(); ++i) survivors[i]->rank = static_cast<int>(i) + 1;
  return survivors;
}

const Entry* best_without_budgets(Field& field) {
  std::vector<Entry*> eligible;
  eligible.reserve(field.entries.size());
  for (Entry& entry : field.entries) {
    if (entry.causes.none_before(model::Filter::kBudget) && in_the_race(field, entry)) eligible.push_back(&entry);
  }
  score(field, eligible);
  const auto best =
      std::ranges::min_element(eligible, [&](const Entry* a, const Entry* b) { return better(field, *a, *b); });
  return best == eligible.end() ? nullptr : *best;
}

} // namespace kairos::routing
