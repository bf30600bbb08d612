// Inside of route(): the field of targets while it is filtered, scored and ordered. Facts about each are gathered in
// numbers; texts are made only for the candidates that are shown.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "routing/briefs.h"
#include "routing/route.h"

namespace kairos::routing {

/// Why a target is dropped. In the order of model::Filter, to which filter_of() maps it.
enum class Cause : std::uint8_t {
  kDialect,
  kEmbedding,
  kTools,
  kImages,
  kAudio,
  kAudioOnly,
  kJsonSchema,
  kReasoning,
  kServerTools,
  kStreaming,
  kDeprecated,
  kNotFree,
  kQuantization,
  kContext,
  kTenantModel,
  kTenantProvider,
  kKeyModel,
  kKeyProvider,
  kNoProviderKey,
  kMayTrain,
  kRetains,
  kTenantRegion,
  kRequestRegion,
  kBreakerOpen,
  kQualityUnknown,
  kBelowFloor,
  kBelowMinimum,
  kUnpriced,
  kOverBudget,
  kOverMaxCost,
};
inline constexpr size_t kCauseCount = 30;
/// By Cause.
inline constexpr std::array<model::Filter, kCauseCount> kFilters = [] {
  std::array<model::Filter, kCauseCount> filters{};
  const auto fill = [&](Cause from, Cause to, model::Filter filter) {
    for (auto i = static_cast<size_t>(from); i <= static_cast<size_t>(to); ++i) filters[i] = filter;
  };
  fill(Cause::kDialect, Cause::kQuantization, model::Filter::kCapability);
  fill(Cause::kContext, Cause::kContext, model::Filter::kContextLength);
  fill(Cause::kTenantModel, Cause::kNoProviderKey, model::Filter::kTenantPolicy);
  fill(Cause::kMayTrain, Cause::kRetains, model::Filter::kPrivacy);
  fill(Cause::kTenantRegion, Cause::kRequestRegion, model::Filter::kRegion);
  fill(Cause::kBreakerOpen, Cause::kBreakerOpen, model::Filter::kHealth);
  fill(Cause::kQualityUnknown, Cause::kBelowMinimum, model::Filter::kQuality);
  fill(Cause::kUnpriced, Cause::kOverMaxCost, model::Filter::kBudget);
  return filters;
}();
constexpr model::Filter filter_of(Cause cause) { return kFilters[static_cast<size_t>(cause)]; }

class Causes {
public:
  void add(Cause cause) { bits_ |= 1u << static_cast<unsigned>(cause); }
  bool has(Cause cause) const { return (bits_ >> static_cast<unsigned>(cause) & 1u) != 0; }
  bool none() const { return bits_ == 0; }
  /// None of those whose filter comes before `filter`.
  bool none_before(model::Filter filter) const { return bits_ == 0 || filter_of(first()) >= filter; }
  Cause first() const { return static_cast<Cause>(__builtin_ctz(bits_)); }

private:
  std::uint32_t bits_ = 0;
};

struct Entry {
  const config::Target* target = nullptr;
  bool pinned = false; // one of those that were asked for by name
  Causes causes;
  std::int64_t input_est = 0; // as this provider counts, where that has been learnt
  std::int64_t max_output = 0;
  bool clamped = false;
  std::optional<double> quality;
  std::optional<std::int64_t> latency_ms;
  std::optional<double> tokens_per_second;
  std::optional<Picodollars> est_cost;
  std::optional<Picodollars> worst_case;
  const catalog::PriceRow* price = nullptr;      // nullptr: none, or a plain one (Brief); see row_of()
  bool complete = false;                         // quality, estimate and budget have been looked at
  const model::BudgetHeadroom* budget = nullptr; // that it does not fit, or that clamped it
  bool refused = false;                          // … and that budget says: refuse
  double score = 0;
  int rank = 0; // from 1; 0: none
};

/// The request's terms, worked out once.
struct Terms {
  std::array<double, model::kCategoryCount> probabilities{};
  config::PrivacyPolicy privacy = config::PrivacyPolicy::kNone;
  std::int64_t expected_output = 0; // of one choice, before any bound
  std::optional<double> min_quality;
  std::optional<Picodollars> max_cost;
  double best_quality = 0; // of the targets that pass every filter before quality
  double floor = 0;
};

/// What the thread has at hand while it decides or explains.
struct AtHand {
  explicit AtHand(const RouteInput& input) : briefs(briefs_of(input.snapshot)) {}

  const Briefs& briefs;

  static size_t place(const RouteInput& input, const Entry& entry) {
    return static_cast<size_t>(entry.target - input.snapshot.targets.data());
  }
  const Brief& of(const RouteInput& input, const Entry& entry) const { return briefs.targets[place(input, entry)]; }
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
/// Of those that are left: estimate; worst case where a cap asks for it; clamps; budget.
void apply_budget_filter(Field& field, const AtHand& at_hand);
/// Quality, estimate and budget of one that an earlier filter had dropped: wanted only where candidates are shown.
void complete(const Field& field, const Brief& brief, Entry& entry);
void measure_quality(const Field& field, const Brief& brief, Entry& entry);
/// Health, price and bounds on the answer; drops what the context cannot hold. `known_hashes`: hashes_in(input.health).
void look_up(const RouteInput& input, const Brief& brief, std::uint64_t known_hashes, Entry& entry);
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
/// True if `a` is to be preferred.
bool better(const Field& field, const Entry& a, const Entry& b);
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
