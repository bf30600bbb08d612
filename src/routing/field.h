// Inside of route(): the field of targets while it is filtered, scored and ordered. Facts about each are gathered in
// numbers; texts are made only for the candidates that are shown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "routing/briefs.h"
#include "routing/cause.h"
#include "routing/route.h"

namespace kairos::routing {

/// Of one target. Two cache lines: there are hundreds, and each filter goes over all of them.
struct Entry {
  /// Told apart from `{}`, which the compiler makes by filling with zeros, in several times the time.
  Entry(const RouteInput& input, const config::Target* of)
      : target(of), place(static_cast<std::uint32_t>(of - input.snapshot.targets.data())) {}

  const config::Target* target;
  std::uint32_t place; // of the target in the snapshot
  Causes causes;
  std::int64_t input_est = 0; // as this provider counts, where that has been learnt
  std::int64_t max_output = 0;
  const model::TargetHealth* health = nullptr;   // nullptr: not known
  const catalog::PriceRow* price = nullptr;      // nullptr: none, or a plain one (Brief); see row_of()
  const model::BudgetHeadroom* budget = nullptr; // that it does not fit, or that clamped it
  std::optional<double> quality;
  std::optional<Picodollars> est_cost;
  std::optional<Picodollars> worst_case;
  double score = 0;
  int rank = 0;          // from 1; 0: none
  bool pinned = false;   // one of those that were asked for by name
  bool clamped = false;  // the answer is shortened to what `budget` affords
  bool refused = false;  // `budget` says: refuse
  bool complete = false; // quality, estimate and budget have been looked at

  // By reference: the compiler copies optionals by way of memory, and sorting asks often.
  const std::optional<std::int64_t>& latency_ms() const { return health ? health->latency_p50_ms : kNoLatency; }
  const std::optional<double>& tokens_per_second() const { return health ? health->tokens_per_second : kNoSpeed; }

  static constexpr std::optional<std::int64_t> kNoLatency{};
  static constexpr std::optional<double> kNoSpeed{};
};
static_assert(sizeof(Entry) <= 128);

/// The request's terms, worked out once.
struct Terms {
  std::array<double, model::kCategoryCount> probabilities{};
  double mass = 0; // their sum
  config::PrivacyPolicy privacy = config::PrivacyPolicy::kNone;
  std::int64_t expected_output = 0; // of one choice, before any bound
  std::int64_t output_bound = 0;    // as asked for, else the default; before the model's limit
  std::optional<double> min_quality;
  std::optional<Picodollars> max_cost;
  double best_quality = 0; // of the targets that pass every filter before quality
  double floor = 0;
};

/// What the thread has at hand while it decides or explains.
struct AtHand {
  explicit AtHand(const RouteInput& input) : briefs(briefs_of(input.snapshot)) {}

  const Briefs& briefs;

  const Brief& of(const Entry& entry) const { return briefs.targets[entry.place]; }
};

struct Field {
  const RouteInput input;
  Terms terms;
  std::vector<Entry> entries;
  std::vector<Entry*> survivors; // by rank
  const Entry* wished = nullptr; // what would be chosen if no budget stood in the way, where there is one
};

/// Every target that could be meant. Empty: there is no target.
Field make_field(const RouteInput& input, const AtHand& at_hand);
/// Capability to health, and latency.
void apply_plain_filters(Field& field, const AtHand& at_hand);
/// Sets the floor, then judges the quality of those that are left.
void apply_quality_filter(Field& field, const AtHand& at_hand);
/// Of those that are left: estimate; worst case where a cap asks for it; clamps; budget. True if it drops any.
bool apply_budget_filter(Field& field, const AtHand& at_hand);
/// Quality, estimate and budget of one that an earlier filter had dropped: wanted only where candidates are shown.
void complete(const Field& field, const Brief& brief, Entry& entry);
/// The row of its estimate; nullptr: none.
const catalog::PriceRow* row_of(const Entry& entry);
/// The upper bound of what one attempt at `entry` costs, with its output bound.
std::optional<Picodollars> worst_case_of(const RouteInput& input, const Entry& entry, const Brief& brief);
/// Estimate for choosing: input and expected output at the plain prices, and the request's fee.
void set_estimate(const Field& field, const Brief& brief, Entry& entry);
/// The same; false: it is not known.
bool estimate(const Field& field, const Brief& brief, const Entry& entry, Picodollars& into);

/// Sets score and rank of the survivors; returns them in their order. Not for pinned requests' other candidates.
std::vector<Entry*> rank_survivors(Field& field);
/// What would be chosen if no budget stood in the way; nullptr: nothing.
const Entry* best_without_budgets(Field& field);
/// The most relevant first: by rank, then what was asked for, then by how far they got, then by estimate. The first
/// `shown` are in order, the rest in none.
std::vector<const Entry*> by_relevance(const Field& field, const AtHand& at_hand, size_t shown);

/// For people; tested by the text cases.
void append_text(std::string& out, const Field& field, const Entry& entry, Cause cause);
std::string reason_of_choice(const Field& field);
RouteRefusal refusal_of(const Field& field, const std::vector<const Entry*>& shown);
RouteRefusal unknown_model(const RouteInput& input);

} // namespace kairos::routing
