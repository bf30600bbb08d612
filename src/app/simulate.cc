#include "app/simulate.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/cost.h"
#include "model/json_writer.h"
#include "providers/client_request.h"
#include "providers/upstream_request.h"
#include "routing/field.h"
#include "routing/route.h"

namespace kairos::app {

const std::string_view kNotKnown =
    "Not in a receipt, and so not simulated: limits for cost and quality and the region that a request itself asked "
    "for; "
    "needs of audio, JSON schemas, reasoning and tools of the provider; how many choices; the health of targets and "
    "what "
    "was left in budgets then; cached answers, retries and hedges. Costs take the tokens that were used then: another "
    "model would have used others.";

namespace {

constexpr std::int64_t kFramingBound = 64;

/// What the router was told, as far as the receipt says it.
model::RequestFacts facts_of(const model::Receipt& receipt) {
  providers::ParsedRequest request;
  request.endpoint = receipt.request.endpoint;
  request.dialect = providers::client_dialect(request.endpoint);
  request.model = receipt.request.model;
  request.stream = receipt.request.stream;
  request.max_output_tokens = receipt.request.max_output_tokens;
  request.needs.tools = receipt.request.has_tools;
  request.needs.images = receipt.request.has_images;
  request.needs.embeddings = request.endpoint == model::Endpoint::kEmbeddings;
  model::RequestFacts facts = providers::request_facts(request);
  facts.input_tokens_est = receipt.request.input_tokens_est;
  facts.input_tokens_bound = std::max(receipt.request.input_tokens_est, receipt.usage.input_total()) + kFramingBound;
  return facts;
}

bool forbidden(const routing::Entry& entry) {
  return entry.causes.has(routing::Cause::kMayTrain) || entry.causes.has(routing::Cause::kRetains) ||
         entry.causes.has(routing::Cause::kTenantRegion);
}

bool served_by(const routing::Entry& entry, const model::Execution& execution) {
  return entry.target->model->id == execution.model_id && entry.target->provider->id == execution.provider &&
         entry.target->endpoint->region == execution.region;
}

const config::ApiKey& key_of(const config::Tenant& tenant, const std::string& id) {
  static const config::ApiKey kNoGuardrails;
  const auto found = std::ranges::find(tenant.keys, id, &config::ApiKey::id);
  return found == tenant.keys.end() ? kNoGuardrails : *found;
}

/// Empty: it can be decided anew.
std::string_view why_left_out(const model::Receipt& receipt, const config::Snapshot& snapshot) {
  if (receipt.count > 1) return "several refusals in one receipt";
  if (receipt.replay) return "replay";
  if (receipt.cache && receipt.cache->hit) return "answered by the cache";
  if (receipt.execution.status != model::Status::kSuccess) return "not served";
  if (snapshot.tenant(receipt.tenant) == nullptr) return "tenant not in the new configuration";
  if (!receipt.cost.total) return "cost not known";
  return "";
}

void note_choice(const model::Receipt& receipt, const routing::RouteOutcome& outcome, SimulationReport& into) {
  const std::string& used = receipt.execution.model_id;
  const catalog::Model& model = *outcome.chain.front().target->model;
  into.same_model += model.id == used ? 1 : 0;
  ModelShare& before = into.models[used];
  ++before.before;
  ++into.models[model.id].after;
  model::Usage usage = receipt.usage;
  const auto priced =
      catalog::cost_of(usage, model.prices, receipt.created_at, catalog::ServiceTier::kStandard, 0).total;
  if (!priced) {
    ++into.unpriced;
    return;
  }
  into.cost_before += receipt.cost.total->value();
  into.cost_after += priced->value();
  into.models[used].cost_before += receipt.cost.total->value();
  into.models[model.id].cost_after += priced->value();
}

} // namespace

void simulate(const model::Receipt& receipt, const config::Snapshot& snapshot, SimulationReport& into) {
  ++into.receipts;
  if (const auto why = why_left_out(receipt, snapshot); !why.empty()) {
    ++into.left_out[std::string(why)];
    return;
  }
  const config::Tenant& tenant = *snapshot.tenant(receipt.tenant);
  const model::RequestFacts facts = facts_of(receipt);
  const model::Health healthy;
  const model::Budgets no_budgets;
  routing::RouteInput input{
      facts,      receipt.classification, snapshot, tenant, key_of(tenant, receipt.api_key_id), healthy,
      no_budgets, receipt.created_at};
  for (size_t i = 0; i < input.dialects.size(); ++i)
    input.dialects[i] = providers::can_serve(receipt.request.endpoint, static_cast<model::Dialect>(i));
  const routing::RouteOutcome outcome = routing::route(input);
  ++into.simulated;
  if (outcome.field) {
    const auto& entries = outcome.field->entries;
    const bool violated = std::ranges::any_of(
        entries, [&](const auto& entry) { return served_by(entry, receipt.execution) && forbidden(entry); });
    into.violations_before += violated ? 1 : 0;
    if (!outcome.chain.empty()) {
      const bool wrong = std::ranges::any_of(
          entries, [&](const auto& entry) { return entry.target == outcome.chain.front().target && forbidden(entry); });
      into.violations_after += wrong ? 1 : 0;
    }
  }
  if (outcome.refusal) {
    ++into.refused[std::string(routing::error_code(outcome.refusal->kind))];
    ++into.models[receipt.execution.model_id].before;
    return;
  }
  note_choice(receipt, outcome, into);
}

std::string report_text(const SimulationReport& report) {
  std::string out = fmt::format("{} receipts, {} of them decided anew\n", report.receipts, report.simulated);
  for (const auto& [why, count] : report.left_out) out += fmt::format("  left out: {} ({})\n", count, why);
  out +=
      fmt::format("cost then      {} USD\ncost simulated {} USD\nchange         {} USD\n", usd_sum(report.cost_before),
                  usd_sum(report.cost_after), usd_sum(report.cost_after - report.cost_before));
  if (report.unpriced > 0) out += fmt::format("not in these sums: {} whose new model has no price\n", report.unpriced);
  out += fmt::format("same model     {}\n", report.same_model);
  for (const auto& [code, count] : report.refused)
    out += fmt::format("would be refused: {} ({}), not in these sums\n", count, code);
  out += fmt::format("privacy        {} were served where the new rules forbid it; {} would be\n",
                     report.violations_before, report.violations_after);
  out +=
      fmt::format("\n{:<40} {:>10} {:>10} {:>16} {:>16}\n", "model", "then", "simulated", "USD then", "USD simulated");
  for (const auto& [id, share] : report.models)
    out += fmt::format("{:<40} {:>10} {:>10} {:>16} {:>16}\n", id, share.before, share.after,
                       usd_sum(share.cost_before), usd_sum(share.cost_after));
  return out + "\n" + std::string(kNotKnown) + "\n";
}

std::string report_json(const SimulationReport& report) {
  std::string out;
  model::JsonWriter json(out);
  const auto counts = [&](std::string_view key, const std::map<std::string, std::int64_t>& of) {
    json.key(key).begin_object();
    for (const auto& [name, count] : of) json.escaped_key(name).integer(count);
    json.end_object();
  };
  json.begin_object();
  json.key("receipts").integer(report.receipts);
  json.key("simulated").integer(report.simulated);
  counts("left_out", report.left_out);
  json.key("cost_before_usd").string(usd_sum(report.cost_before));
  json.key("cost_after_usd").string(usd_sum(report.cost_after));
  json.key("unpriced").integer(report.unpriced);
  json.key("same_model").integer(report.same_model);
  counts("refused", report.refused);
  json.key("privacy_violations_before").integer(report.violations_before);
  json.key("privacy_violations_after").integer(report.violations_after);
  json.key("models").begin_array();
  for (const auto& [id, share] : report.models) {
    json.begin_object();
    json.key("model_id").string(id);
    json.key("before").integer(share.before);
    json.key("after").integer(share.after);
    json.key("cost_before_usd").string(usd_sum(share.cost_before));
    json.key("cost_after_usd").string(usd_sum(share.cost_after));
    json.end_object();
  }
  json.end_array();
  json.key("not_known").string(kNotKnown);
  json.end_object();
  return out;
}

} // namespace kairos::app
