// Sentences for people, made by rules.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "routing/field.h"

namespace kairos::routing {
namespace {

std::string_view floor_name(const RouteInput& input) {
  const model::Category category = input.classification.category;
  return category == model::Category::kOther ? "general" : model::name(category);
}

std::string both(const std::string& model, const std::string& provider) { return provider + "/" + model; }

std::string regions_of(const config::Target& target) {
  if (target.data_use.regions.empty() && target.endpoint->region.empty()) return "its region is not stated";
  std::string list = target.endpoint->region;
  if (!target.data_use.regions.empty()) list.clear();
  for (const std::string& region : target.data_use.regions) list.append(list.empty() ? "" : ", ").append(region);
  return "data may be processed in " + list;
}

/// How often the provider's own tools are called is up to the provider: no price list bounds it.
bool unbounded(const RouteInput& input) { return input.facts.needs.server_tools; }

std::string left(const model::BudgetHeadroom& budget) { return usd(std::max(budget.remaining, Picodollars(0))); }

std::string over_budget(const Entry& entry) {
  return fmt::format("may cost up to {} USD; budget {} has {} USD left", usd(*entry.worst_case),
                     entry.budget->budget_id, left(*entry.budget));
}

std::string_view capability_text(Cause cause, bool embeds) {
  switch (cause) {
  case Cause::kDialect:
    return "its provider's dialect cannot serve this request";
  case Cause::kEmbedding:
    return embeds ? "it only makes embeddings" : "it makes no embeddings";
  case Cause::kTools:
    return "no tools";
  case Cause::kImages:
    return "no images";
  case Cause::kAudio:
    return "no audio";
  case Cause::kAudioOnly:
    return "made for audio, of which there is none here";
  case Cause::kJsonSchema:
    return "no answers by JSON schema";
  case Cause::kReasoning:
    return "no reasoning";
  case Cause::kServerTools:
    return "no tools run by the provider";
  case Cause::kStreaming:
    return "no streaming";
  case Cause::kDeprecated:
    return "deprecated";
  default:
    return "it is not free";
  }
}

std::string quantization_text(model::Quantization own) {
  if (own == model::Quantization::kUnknown) return "its quantization is not stated";
  return fmt::format("its quantization is {}", model::name(own));
}

std::string policy_text(Cause cause, const RouteInput& input, const config::Target& target) {
  switch (cause) {
  case Cause::kTenantModel:
    return fmt::format("tenant {} does not allow it", input.tenant.id);
  case Cause::kTenantProvider:
    return fmt::format("tenant {} does not allow provider {}", input.tenant.id, target.provider->id);
  case Cause::kKeyModel:
    return fmt::format("key {} does not allow it", input.key.id);
  case Cause::kKeyProvider:
    return fmt::format("key {} does not allow provider {}", input.key.id, target.provider->id);
  case Cause::kNoProviderKey:
    return fmt::format("tenant {} has no key of its own for provider {}", input.tenant.id, target.provider->id);
  case Cause::kMayTrain:
    return target.data_use.may_train ? "the provider may train on prompts"
                                     : "whether the provider trains on prompts is not stated";
  case Cause::kRetains:
    return target.data_use.zero_retention ? "the provider retains prompts"
                                          : "whether the provider retains prompts is not stated";
  case Cause::kTenantRegion:
    return fmt::format("{}; tenant {} does not allow that", regions_of(target), input.tenant.id);
  case Cause::kRequestRegion:
    return fmt::format("{}; the request asks for {}", regions_of(target), input.facts.constraints.region);
  default:
    return "failing at present (its circuit breaker is open)";
  }
}

/// "0.82". By hand, because it is written for most candidates of most requests.
std::string two_decimals(double share) {
  const auto hundredths = static_cast<unsigned>(std::lround(std::clamp(share, 0.0, 9.0) * 100));
  const auto digit = [](unsigned value) { return static_cast<char>('0' + value % 10); };
  return {digit(hundredths / 100), '.', digit(hundredths / 10), digit(hundredths)};
}

void append_below_floor(std::string& out, const Field& field, const Entry& entry) {
  out.append("quality ").append(two_decimals(*entry.quality)).append(" is under the ");
  out.append(floor_name(field.input)).append(" floor of ").append(two_decimals(field.terms.floor));
}

std::string measure_text(Cause cause, const Field& field, const Entry& entry) {
  const Terms& terms = field.terms;
  switch (cause) {
  case Cause::kQualityUnknown:
    return fmt::format("its quality for {} is not known", model::name(field.input.classification.category));
  case Cause::kBelowMinimum:
    return fmt::format("quality {:.2f} is under the minimum of {:.2f} that was asked for", *entry.quality,
                       *terms.min_quality);
  case Cause::kUnpriced:
    return unbounded(field.input) ? "tools run by the provider may cost anything, so a hard cap cannot hold"
                                  : "its price is not known, so a hard cap cannot hold";
  case Cause::kOverBudget:
    return over_budget(entry);
  default:
    return fmt::format("may cost up to {} USD, over the request's limit of {} USD", usd(*entry.worst_case),
                       usd(*terms.max_cost));
  }
}

std::string context_text(const RouteInput& input, const Entry& entry) {
  const std::string answer =
      input.facts.max_output_tokens ? fmt::format(" and {} tokens of answer", entry.max_output) : "";
  return fmt::format("its context of {} tokens is too short for about {} tokens of input{}",
                     entry.target->model->context_length.value_or(0), input.facts.input_tokens_est, answer);
}

std::string_view kind_of_models(model::Variant variant, bool one) {
  switch (variant) {
  case model::Variant::kFree:
    return one ? "free model" : "free models";
  case model::Variant::kThinking:
    return one ? "reasoning model" : "reasoning models";
  default:
    return one ? "model" : "models";
  }
}

std::string which(const Field& field, const Entry& winner) {
  if (field.input.facts.variant == model::Variant::kExtended) {
    return fmt::format("the longest context ({} tokens)", winner.target->model->context_length.value_or(0));
  }
  switch (field.input.snapshot.routing.order) {
  case config::Strategy::kBestQuality:
    return fmt::format("the best quality ({:.2f})", winner.quality.value_or(0));
  case config::Strategy::kBalanced:
    return fmt::format("the best balance of quality, cost and latency (score {:.2f})", winner.score);
  default:
    return winner.est_cost ? "the cheapest" : "the first (no price is known)";
  }
}

std::string reason_of_pin(const std::vector<Entry*>& survivors) {
  const config::Target& target = *survivors.front()->target;
  std::string text = fmt::format("Sent to {}: the request asks for it", target.model->id);
  if (survivors.size() > 1) {
    text += fmt::format(", and {} is the cheapest of {} places that serve it", target.provider->id, survivors.size());
  }
  return text;
}

/// Targets of the same model count once.
size_t models_among(const std::vector<Entry*>& survivors) {
  std::set<std::string_view> ids;
  for (const Entry* entry : survivors) ids.insert(entry->target->model->id);
  return ids.size();
}

std::string reason_of_auto(const Field& field, const std::vector<Entry*>& survivors) {
  const Entry& winner = *survivors.front();
  const size_t models = models_among(survivors);
  const bool one = models == 1;
  const std::string_view kind = kind_of_models(field.input.facts.variant, one);
  std::string text = fmt::format("Sent to {}: ", winner.target->model->id);
  text += one ? fmt::format("the only {}", kind) : fmt::format("{} of {} {}", which(field, winner), models, kind);
  if (field.terms.floor <= 0) return text + " that can serve it";
  return text + fmt::format(" that {} the {} floor of {:.2f}", one ? "clears" : "clear", floor_name(field.input),
                            field.terms.floor);
}

RouteRefusal no_models(const Field& field, const std::vector<const Entry*>& shown) {
  std::string list;
  for (const Entry* entry : shown) {
    if (entry->causes.none() || (field.input.facts.pinned() && !entry->pinned)) continue;
    const config::Target& target = *entry->target;
    list += fmt::format("{}{}: ", list.empty() ? "" : "; ", both(target.model->id, target.provider->id));
    append_text(list, field, *entry, entry->causes.first());
  }
  if (list.empty()) list = "no provider is configured with a key";
  return {RefusalKind::kNoModelsAvailable, "No model can serve this request: " + list + ".", ""};
}

/// Of the targets that only budgets stand against, the one that could cost least; `otherwise` if none has a price.
const Entry& least_worst_case(const Field& field, const Entry& otherwise) {
  const Entry* least = &otherwise;
  for (const Entry& entry : field.entries) {
    const bool eligible = entry.causes.none_before(model::Filter::kBudget) && entry.pinned == otherwise.pinned;
    if (!eligible || !entry.worst_case) continue;
    if (!least->worst_case || *entry.worst_case < *least->worst_case) least = &entry;
  }
  return *least;
}

RouteRefusal unpriced(const Field& field, const std::string& model) {
  const auto& headrooms = field.input.budgets.headrooms;
  const std::string_view why = "so a hard cap cannot hold";
  std::string message =
      unbounded(field.input)
          ? fmt::format("Tools run by the provider may cost anything, {}; ask without them.", why)
          : fmt::format("The price of {} is not known, {}; give its price under models, or ask for another model.",
                        model, why);
  if (headrooms.empty()) return {RefusalKind::kCostGuardrailExceeded, std::move(message), ""};
  return {RefusalKind::kBudgetExceeded, std::move(message), headrooms.front().budget_id};
}

} // namespace

std::string_view error_code(RefusalKind kind) {
  switch (kind) {
  case RefusalKind::kUnknownModel:
    return "model_not_found";
  case RefusalKind::kNoModelsAvailable:
    return "no_models_available";
  case RefusalKind::kBudgetExceeded:
    return "budget_exceeded";
  case RefusalKind::kCostGuardrailExceeded:
    return "cost_guardrail_exceeded";
  }
  return "no_models_available";
}

void append_text(std::string& out, const Field& field, const Entry& entry, Cause cause) {
  if (cause == Cause::kBelowFloor) return append_below_floor(out, field, entry); // by far the most frequent one
  if (cause == Cause::kQuantization) {
    out += quantization_text(entry.target->quantization);
    return;
  }
  switch (filter_of(cause)) {
  case model::Filter::kCapability:
    out += capability_text(cause, entry.target->model->capabilities.embeddings);
    return;
  case model::Filter::kContextLength:
    out += context_text(field.input, entry);
    return;
  case model::Filter::kQuality:
  case model::Filter::kBudget:
    out += measure_text(cause, field, entry);
    return;
  default:
    out += policy_text(cause, field.input, *entry.target);
  }
}

std::string reason_of_choice(const Field& field) {
  const Entry& winner = *field.survivors.front();
  const Entry* wished = field.wished;
  std::string text =
      field.input.facts.pinned() ? reason_of_pin(field.survivors) : reason_of_auto(field, field.survivors);
  if (const auto& preferred = field.input.facts.constraints.preferred_max_latency_ms) {
    const auto& latency = winner.latency_ms();
    const bool within = latency && *latency <= *preferred;
    if (within) text += fmt::format(", and within the preferred {} ms", *preferred);
  }
  if (const auto& preferred = field.input.facts.constraints.preferred_min_throughput) {
    const auto& speed = winner.tokens_per_second();
    const bool quick = speed && *speed >= static_cast<double>(*preferred);
    if (quick) text += fmt::format(", and with the preferred {} tokens per second", *preferred);
  }
  if (wished != nullptr && wished->target != winner.target && wished->causes.has(Cause::kOverBudget)) {
    text += fmt::format("; budget {} does not afford {}", wished->budget->budget_id, wished->target->model->id);
  }
  if (winner.clamped) {
    text += fmt::format("; budget {} limits the answer to {} tokens", winner.budget->budget_id, winner.max_output);
  }
  return text + ".";
}

RouteRefusal refusal_of(const Field& field, const std::vector<const Entry*>& shown) {
  const Entry* wished = field.wished;
  if (wished == nullptr) return no_models(field, shown);
  const Entry& nearest = wished->refused ? *wished : least_worst_case(field, *wished);
  const std::string& model = nearest.target->model->id;
  const std::string_view any =
      nearest.refused || field.input.facts.pinned() ? "" : ", the least of those that would do";
  if (nearest.causes.has(Cause::kOverBudget)) {
    const model::BudgetHeadroom& budget = *nearest.budget;
    return {
        RefusalKind::kBudgetExceeded,
        fmt::format("Budget {} has {} USD left, and {} may cost up to {} USD{}; ask for fewer output tokens, or raise "
                    "the cap.",
                    budget.budget_id, left(budget), model, usd(*nearest.worst_case), any),
        budget.budget_id};
  }
  if (nearest.causes.has(Cause::kOverMaxCost)) {
    return {
        RefusalKind::kCostGuardrailExceeded,
        fmt::format("{} may cost up to {} USD{}, over the request's limit of {} USD; ask for fewer output tokens, or "
                    "allow more.",
                    model, usd(*nearest.worst_case), any, usd(*field.terms.max_cost)),
        ""};
  }
  return unpriced(field, model);
}

RouteRefusal unknown_model(const RouteInput& input) {
  const std::string& name = input.facts.model;
  const auto known =
      input.snapshot.catalog == nullptr ? std::vector<const catalog::Model*>{} : input.snapshot.catalog->find(name);
  if (known.empty()) {
    return {
        RefusalKind::kUnknownModel,
        fmt::format("The model {} is not known; GET /v1/models lists those that are, and auto lets the router choose.",
                    name.substr(0, 128)),
        ""};
  }
  std::string providers;
  for (const catalog::Model* model : known) providers.append(providers.empty() ? "" : ", ").append(model->provider);
  return {RefusalKind::kUnknownModel,
          fmt::format("The model {} is known, but no provider that serves it ({}) is configured with a key.", name,
                      providers),
          ""};
}

} // namespace kairos::routing
