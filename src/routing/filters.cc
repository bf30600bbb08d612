// The filters, each applied to every target, so that a candidate lists all that it fails.
#include <algorithm>
#include <cmath>

#include "routing/field.h"

namespace kairos::routing {
namespace {

constexpr std::int64_t kLeastRoom = 256; // tokens for an answer whose length was not asked for

/// By what the provider bills beside what we estimate.
std::int64_t scaled(std::int64_t tokens, double ratio) {
  constexpr std::int64_t kScalable = std::int64_t{1} << 40; // beyond it nothing is served, and a double is not exact
  return tokens > 0 && tokens < kScalable ? std::llround(static_cast<double>(tokens) * ratio) : tokens;
}

/// Input and answer must fit the context; an answer whose length was not asked for is shortened to fit.
void fit_context(const RouteInput& input, const Brief& brief, Entry& entry) {
  if (brief.context_length == std::numeric_limits<std::int64_t>::max()) return;
  const std::int64_t room = brief.context_length - std::max<std::int64_t>(entry.input_est, 0);
  const bool asked = input.facts.max_output_tokens.has_value();
  const std::int64_t least = asked ? entry.max_output : std::min(entry.max_output, kLeastRoom);
  if (room < least) return entry.causes.add(Cause::kContext);
  entry.max_output = std::min(entry.max_output, room);
}

void measure_quality(const Field& field, const Brief& brief, Entry& entry) {
  const Terms& terms = field.terms;
  // Mean over the categories that something is known of, by their probability: nearly always all of them.
  double sum = 0, mass = terms.mass;
  if (brief.all_qualities) {
    for (size_t i = 0; i < model::kCategoryCount; ++i) sum += terms.probabilities[i] * brief.quality[i];
  } else {
    mass = 0;
    for (size_t i = 0; i < model::kCategoryCount; ++i) {
      if (terms.probabilities[i] <= 0 || std::isnan(brief.quality[i])) continue;
      sum += terms.probabilities[i] * brief.quality[i];
      mass += terms.probabilities[i];
    }
  }
  if (mass > 0) entry.quality = sum / mass;
}

/// Health, price and bounds on the answer; drops what the context cannot hold. `known_hashes`: hashes_in(input.health).
void look_up(const Field& field, const Brief& brief, std::uint64_t known_hashes, Entry& entry) {
  const RouteInput& input = field.input;
  entry.input_est = input.facts.input_tokens_est;
  const bool may_be_known = (known_hashes >> (brief.health_hash % 64) & 1) != 0;
  if (may_be_known) entry.health = input.health.find(entry.target->health_key);
  if (entry.health != nullptr) {
    if (!entry.health->available) entry.causes.add(Cause::kBreakerOpen);
    if (entry.health->input_ratio) entry.input_est = scaled(entry.input_est, *entry.health->input_ratio);
  }
  if (!brief.price) {
    entry.price =
        catalog::price_at(entry.target->model->prices, input.now, catalog::ServiceTier::kStandard, entry.input_est);
  }
  entry.max_output = std::min(field.terms.output_bound, brief.max_output_tokens);
  fit_context(input, brief, entry);
}

/// Costs nothing at all, and the price's source says so.
bool is_free(const Entry& entry) {
  const catalog::PriceRow* row = row_of(entry);
  if (row == nullptr || !row->free) return false;
  return std::ranges::all_of(row->prices, [](const auto& price) { return !price || price->value() == 0; });
}

/// What the request needs, as the causes of those that cannot serve it.
struct Needed {
  explicit Needed(const RouteInput& input)
      : responses(input.facts.endpoint == model::Endpoint::kResponses && !input.responses_as_chat),
        free(input.facts.variant == model::Variant::kFree) {
    const model::Needs& needs = input.facts.needs;
    asked.add(Cause::kEmbedding);
    inverted.add_if(!needs.embeddings, Cause::kEmbedding);
    asked.add_if(needs.tools, Cause::kTools);
    asked.add_if(needs.images, Cause::kImages);
    asked.add_if(needs.audio, Cause::kAudio);
    asked.add_if(!needs.audio, Cause::kAudioOnly);
    asked.add_if(needs.json_schema, Cause::kJsonSchema);
    asked.add_if(needs.reasoning || input.facts.variant == model::Variant::kThinking, Cause::kReasoning);
    asked.add_if(needs.server_tools, Cause::kServerTools);
    asked.add_if(input.facts.stream, Cause::kStreaming);
  }

  Causes asked;    // of Brief::lacks
  Causes inverted; // of these, what is to be lacked
  bool responses;  // the provider itself has to have them
  bool free;
};

/// Made for answers in sound: such models refuse requests without any, or answer them worse than their siblings. Here
/// for prices that hold for a time only; Brief::lacks has the others.
bool speaks_now(const Entry& entry) {
  return entry.price != nullptr && entry.price->prices[static_cast<size_t>(model::Meter::kOutputAudio)].has_value();
}

void filter_capability(const RouteInput& input, const Needed& needed, const Brief& brief, Entry& entry) {
  Causes causes = (brief.lacks ^ needed.inverted) & needed.asked;
  causes.add_if(!brief.price && needed.asked.has(Cause::kAudioOnly) && speaks_now(entry), Cause::kAudioOnly);
  causes.add_if(brief.deprecated <= input.now, Cause::kDeprecated);
  if (entry.pinned) causes = causes.without({Cause::kAudioOnly, Cause::kDeprecated});
  const bool no_responses = needed.responses && brief.dialect == model::Dialect::kOpenAi && !brief.responses;
  causes.add_if(!input.dialects[static_cast<size_t>(brief.dialect)] || no_responses, Cause::kDialect);
  causes.add_if(needed.free && !is_free(entry), Cause::kNotFree);
  const auto refuses = [&](model::Quantizations accepted) {
    return accepted != 0 && (accepted & brief.quantization) == 0;
  };
  causes.add_if(refuses(input.tenant.quantizations) || refuses(input.facts.constraints.quantizations),
                Cause::kQuantization);
  entry.causes = entry.causes | causes;
}

bool limits(const config::AllowList& list) { return !list.allow.empty() || !list.deny.empty(); }

/// Most tenants and keys limit nothing, and there are hundreds of targets to ask about.
bool has_policy(const RouteInput& input) {
  const config::Guardrails& rails = input.key.guardrails;
  return limits(input.tenant.models) || limits(input.tenant.providers) || limits(rails.models) ||
         limits(rails.providers);
}

void filter_tenant_policy(const RouteInput& input, Entry& entry) {
  const std::string& model = entry.target->model->id;
  const std::string& provider = entry.target->provider->id;
  const config::Guardrails& rails = input.key.guardrails;
  if (!input.tenant.models.admits(model)) entry.causes.add(Cause::kTenantModel);
  if (!input.tenant.providers.admits(provider)) entry.causes.add(Cause::kTenantProvider);
  if (!rails.models.admits(model)) entry.causes.add(Cause::kKeyModel);
  if (!rails.providers.admits(provider)) entry.causes.add(Cause::kKeyProvider);
}

/// A tenant that brought keys uses these; a provider without the operator's is for such tenants only.
void filter_provider_key(const RouteInput& input, const Brief& brief, Entry& entry) {
  const config::OwnKeys* own =
      input.tenant.provider_keys.empty() ? nullptr : input.tenant.own_keys(entry.target->provider->id);
  const bool no_key = own == nullptr ? brief.own_keys_only : own->keys.empty();
  if (no_key) entry.causes.add(Cause::kNoProviderKey);
}

/// What is not stated is not accepted.
void filter_privacy(config::PrivacyPolicy policy, Entry& entry) {
  const config::DataUse& use = entry.target->data_use;
  const bool kept = use.zero_retention != true;
  const bool trains = use.may_train == true || (!use.may_train && kept);
  if (policy >= config::PrivacyPolicy::kDenyTraining && trains) entry.causes.add(Cause::kMayTrain);
  if (policy >= config::PrivacyPolicy::kZeroRetention && kept) entry.causes.add(Cause::kRetains);
}

/// Every region in which data may be processed has to be allowed; none stated: not allowed.
template <class Allowed>
bool stays_within(const config::Target& target, const Allowed& allowed) {
  if (!target.data_use.regions.empty()) return std::ranges::all_of(target.data_use.regions, allowed);
  return !target.endpoint->region.empty() && allowed(target.endpoint->region);
}

void filter_region(const RouteInput& input, Entry& entry) {
  const std::vector<std::string>& tenants = input.tenant.regions;
  const std::string& asked = input.facts.constraints.region;
  const auto of_tenant = [&](const std::string& region) { return std::ranges::find(tenants, region) != tenants.end(); };
  const auto of_request = [&](const std::string& region) { return region == asked; };
  if (!tenants.empty() && !stays_within(*entry.target, of_tenant)) entry.causes.add(Cause::kTenantRegion);
  if (!asked.empty() && !stays_within(*entry.target, of_request)) entry.causes.add(Cause::kRequestRegion);
}

/// Shares of the best quality, and absolute floors, by the probability of their category.
double floor_of(const Field& field) {
  double floor = 0;
  for (size_t i = 0; i < model::kCategoryCount; ++i) {
    const config::Floor& one = field.input.snapshot.routing.floors[i];
    floor += field.terms.probabilities[i] * one.value * (one.relative ? field.terms.best_quality : 1);
  }
  return floor;
}

constexpr double kTiny = 1e-9; // sums of products of the same figures may differ in their last bits

/// The most output, from `least` on, whose worst case is affordable; 0: not even that.
std::int64_t affordable_output(const RouteInput& input, const Brief& brief, const Entry& entry, std::int64_t least,
                               Picodollars limit) {
  Entry trial = entry;
  const auto fits = [&](std::int64_t output) {
    trial.max_output = output;
    const auto worst = worst_case_of(input, trial, brief);
    return worst && *worst <= limit;
  };
  std::int64_t low = std::min(least, entry.max_output), high = entry.max_output;
  if (!fits(low)) return 0;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (fits(middle))
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

/// Marks the entry with the tightest budget that it does not fit, a refusing one before others.
void drop_for(Entry& entry, const model::BudgetHeadroom& budget) {
  const bool refuses = budget.on_exceed == model::OnExceed::kRefuse;
  entry.causes.add(Cause::kOverBudget);
  const bool first = entry.budget == nullptr || (refuses && !entry.refused);
  const bool tighter =
      refuses == entry.refused && entry.budget != nullptr && budget.remaining < entry.budget->remaining;
  if (first || tighter) entry.budget = &budget;
  entry.refused = entry.refused || refuses;
}

void clamp(const Field& field, const Brief& brief, Entry& entry, const model::BudgetHeadroom& budget) {
  const std::int64_t least = field.input.snapshot.routing.min_clamped_output_tokens;
  const std::int64_t output = affordable_output(field.input, brief, entry, least, budget.remaining);
  if (output == 0) return drop_for(entry, budget);
  entry.max_output = output;
  entry.clamped = true;
  entry.budget = &budget;
  entry.worst_case = worst_case_of(field.input, entry, brief);
  set_estimate(field, brief, entry);
}

void filter_quality(const Field& field, Entry& entry) {
  if (entry.pinned) return;
  const Terms& terms = field.terms;
  const bool asked = terms.floor > 0 || terms.min_quality.value_or(0) > 0;
  if (!entry.quality && asked) entry.causes.add(Cause::kQualityUnknown);
  if (!entry.quality) return;
  if (*entry.quality < terms.floor - kTiny) entry.causes.add(Cause::kBelowFloor);
  if (terms.min_quality && *entry.quality < *terms.min_quality - kTiny) entry.causes.add(Cause::kBelowMinimum);
}

void filter_budget(const Field& field, const Brief& brief, Entry& entry) {
  entry.complete = true;
  set_estimate(field, brief, entry);
  if (!field.input.budgets.hard_cap() && !field.terms.max_cost) return;
  entry.worst_case = worst_case_of(field.input, entry, brief);
  const model::BudgetHeadroom* clamping = nullptr;
  bool capped = false;
  for (const model::BudgetHeadroom& budget : field.input.budgets.headrooms) {
    if (!budget.model_id.empty() && budget.model_id != entry.target->model->id) continue;
    capped = true;
    if (!entry.worst_case || *entry.worst_case <= budget.remaining) continue;
    if (budget.on_exceed != model::OnExceed::kClamp)
      drop_for(entry, budget);
    else if (clamping == nullptr || budget.remaining < clamping->remaining)
      clamping = &budget;
  }
  if (clamping != nullptr && !entry.causes.has(Cause::kOverBudget)) clamp(field, brief, entry, *clamping);
  const auto& limit = field.terms.max_cost;
  const bool unpriced_allowed = field.input.snapshot.routing.allow_unpriced && !limit;
  if (!entry.worst_case && (capped || limit) && !unpriced_allowed) entry.causes.add(Cause::kUnpriced);
  if (limit && entry.worst_case && *entry.worst_case > *limit) entry.causes.add(Cause::kOverMaxCost);
}

} // namespace

void apply_plain_filters(Field& field, const AtHand& at_hand) {
  const RouteInput& input = field.input;
  const std::uint64_t known_hashes = hashes_in(input.health);
  const Needed needed(input);
  const bool policy = has_policy(input);
  const bool privacy = field.terms.privacy != config::PrivacyPolicy::kNone;
  const bool region = !input.tenant.regions.empty() || !input.facts.constraints.region.empty();
  for (Entry& entry : field.entries) {
    const Brief& brief = at_hand.of(entry);
    look_up(field, brief, known_hashes, entry);
    filter_capability(input, needed, brief, entry);
    if (policy) filter_tenant_policy(input, entry);
    filter_provider_key(input, brief, entry);
    if (privacy) filter_privacy(field.terms.privacy, entry);
    if (region) filter_region(input, entry);
  }
}

void apply_quality_filter(Field& field, const AtHand& at_hand) {
  double best = 0;
  for (Entry& entry : field.entries) {
    if (!entry.causes.none_before(model::Filter::kQuality)) continue;
    measure_quality(field, at_hand.of(entry), entry);
    if (entry.quality) best = std::max(best, *entry.quality);
  }
  field.terms.best_quality = best;
  field.terms.floor = floor_of(field);
  for (Entry& entry : field.entries) {
    if (entry.causes.none_before(model::Filter::kQuality)) filter_quality(field, entry);
  }
}

bool apply_budget_filter(Field& field, const AtHand& at_hand) {
  bool drops = false;
  for (Entry& entry : field.entries) {
    if (!entry.causes.none_before(model::Filter::kBudget)) continue;
    filter_budget(field, at_hand.of(entry), entry);
    drops = drops || !entry.causes.none();
  }
  return drops;
}

void complete(const Field& field, const Brief& brief, Entry& entry) {
  if (entry.complete) return;
  if (!entry.quality) {
    measure_quality(field, brief, entry);
    filter_quality(field, entry);
  }
  filter_budget(field, brief, entry);
}

} // namespace kairos::routing
