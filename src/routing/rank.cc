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
  return entry.latency_ms().value_or(std::numeric_limits<std::int64_t>::max());
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
  const auto& measured = entry.latency_ms();
  const double latency = measured ? ratio(least.latency, *measured) : kUnknownLatency;
  return weights.quality * quality + weights.cost * cost + weights.latency * latency;
}

bool too_slow(const Field& field, const Entry& entry) {
  const model::Constraints& wishes = field.input.facts.constraints;
  const auto& speed = entry.tokens_per_second();
  const bool late =
      wishes.preferred_max_latency_ms && entry.latency_ms().value_or(0) > *wishes.preferred_max_latency_ms;
  const bool trickles =
      wishes.preferred_min_throughput && speed && *speed < static_cast<double>(*wishes.preferred_min_throughput);
  return late || trickles;
}

std::int64_t context_if_asked(const Field& field, const Entry& entry) {
  if (field.input.facts.variant != model::Variant::kExtended) return 0;
  return entry.target->model->context_length.value_or(0);
}

/// What decides between two of them, looked up once for each: sorting compares each with several others.
struct Standing {
  Standing(const Field& field, Entry& of)
      : slow(too_slow(field, of)), context(context_if_asked(field, of)), entry(&of) {
    const config::Strategy strategy = field.input.snapshot.routing.order;
    const bool by_cost = of.pinned || strategy == config::Strategy::kCheapest;
    if (!by_cost) merit = strategy == config::Strategy::kBalanced ? of.score : of.quality.value_or(-1);
    if (by_cost || strategy != config::Strategy::kBalanced) cost = cost_or_most(of);
  }

  bool slow;
  std::int64_t context;  // the longest first, where that was asked for
  double merit = 0;      // the greatest first, where the strategy goes by one
  std::int64_t cost = 0; // the least first, where it goes by that
  Entry* entry;
};

bool better(const Standing& a, const Standing& b) {
  if (a.slow != b.slow) return b.slow;
  if (a.context != b.context) return a.context > b.context;
  if (a.merit != b.merit) return a.merit > b.merit;
  if (a.cost != b.cost) return a.cost < b.cost;
  const auto rest = [](const Entry& entry) {
    const config::Target& target = *entry.target;
    return std::tuple<std::int64_t, const std::string&, const std::string&, const std::string&>(
        latency_or_most(entry), target.model->id, target.provider->id, target.endpoint->region);
  };
  return rest(*a.entry) < rest(*b.entry);
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

/// Those that pass every filter before `filter`, each with its score.
std::vector<Standing> standings(Field& field, std::optional<model::Filter> filter) {
  std::vector<Entry*> entries;
  entries.reserve(field.entries.size());
  for (Entry& entry : field.entries) {
    const bool passes = filter ? entry.causes.none_before(*filter) : entry.causes.none();
    if (passes && in_the_race(field, entry)) entries.push_back(&entry);
  }
  score(field, entries);
  std::vector<Standing> standings;
  standings.reserve(entries.size());
  for (Entry* entry : entries) standings.emplace_back(field, *entry);
  return standings;
}

} // namespace

std::vector<Entry*> rank_survivors(Field& field) {
  std::vector<Standing> order = standings(field, std::nullopt);
  std::ranges::sort(order, better);
  std::vector<Entry*> survivors;
  survivors.reserve(order.size());
  for (const Standing& standing : order) {
    survivors.push_back(standing.entry);
    standing.entry->rank = static_cast<int>(survivors.size());
  }
  return survivors;
}

const Entry* best_without_budgets(Field& field) {
  const std::vector<Standing> eligible = standings(field, model::Filter::kBudget);
  const auto best = std::ranges::min_element(eligible, better);
  return best == eligible.end() ? nullptr : best->entry;
}

} // namespace kairos::routing
