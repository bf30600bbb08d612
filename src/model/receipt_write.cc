#include "model/candidate_json.h"
#include "model/json_writer.h"
#include "model/receipt_json.h"

namespace kairos::model {
namespace {

void optional_usd(JsonWriter& json, std::string_view key, const std::optional<Picodollars>& amount) {
  json.key(key);
  if (amount) {
    json.usd(*amount);
  } else {
    json.null();
  }
}

void optional_integer(JsonWriter& json, std::string_view key, const std::optional<std::int64_t>& value) {
  json.key(key);
  if (value) {
    json.integer(*value);
  } else {
    json.null();
  }
}

void strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
  json.key(key).begin_array();
  for (const std::string& value : values) json.string(value);
  json.end_array();
}

void counts(JsonWriter& json, std::string_view key, const std::vector<std::pair<std::string, std::int64_t>>& pairs) {
  json.key(key).begin_object();
  for (const auto& [name, count] : pairs) json.escaped_key(name).integer(count);
  json.end_object();
}

void write_usage(JsonWriter& json, const Usage& usage) {
  json.begin_object();
  for (size_t i = 0; i < kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    const bool always = meter == Meter::kInput || meter == Meter::kCacheRead || meter == Meter::kCacheWrite ||
                        meter == Meter::kOutput || meter == Meter::kReasoning;
    if (always || usage[meter] != 0) json.key(meter_name(meter)).integer(usage[meter]);
  }
  if (!usage.other.empty()) counts(json, "other", usage.other);
  if (usage.inconsistent) json.key("inconsistent").boolean(true);
  json.key("source").string(kUsageSourceNames[static_cast<size_t>(usage.source)]);
  json.end_object();
}

void write_identity(JsonWriter& json, const Receipt& r) {
  json.key("schema").string(kReceiptSchema);
  json.key("receipt_id").string(r.receipt_id);
  json.key("node_id").string(r.node_id);
  json.key("created_at").string(to_rfc3339(r.created_at));
  json.key("tenant").string(r.tenant);
  json.key("workflow").string(r.workflow);
  json.key("api_key_id").string(r.api_key_id);
  json.key("end_user").string(r.end_user);
  json.key("tags").begin_object();
  for (const auto& [key, value] : r.tags) json.escaped_key(key).string(value);
  json.end_object();
  json.key("trace").begin_object();
  json.key("trace_id").string(r.trace.trace_id);
  json.key("span_id").string(r.trace.span_id);
  json.key("parent_span_id").string(r.trace.parent_span_id);
  json.key("sampled").boolean(r.trace.sampled);
  json.end_object();
}

void write_request(JsonWriter& json, const RequestSummary& request) {
  json.key("request").begin_object();
  json.key("endpoint").string(name(request.endpoint));
  json.key("model").string(request.model);
  json.key("pinned").boolean(request.pinned);
  json.key("stream").boolean(request.stream);
  json.key("input_tokens_est").integer(request.input_tokens_est);
  optional_integer(json, "max_output_tokens", request.max_output_tokens);
  json.key("has_tools").boolean(request.has_tools);
  json.key("has_images").boolean(request.has_images);
  json.key("fingerprint").string(request.fingerprint);
  json.end_object();
}

void write_classification(JsonWriter& json, const Classification& c) {
  json.key("classification").begin_object();
  json.key("category").string(name(c.category));
  json.key("confidence").real(c.confidence);
  json.key("probabilities").begin_object();
  for (size_t i = 0; i < kCategoryCount; ++i) json.key(kCategoryNames[i]).real(c.probabilities[i]);
  json.end_object();
  json.key("classifier").string(c.classifier);
  json.end_object();
}

void write_choice(JsonWriter& json, const Receipt& r, std::string_view candidates) {
  json.key("privacy").begin_object();
  json.key("policy").string(r.privacy.policy);
  counts(json, "detected", r.privacy.detected);
  json.key("dropped").integer(r.privacy.dropped);
  if (!r.privacy.action.empty()) json.key("action").string(r.privacy.action);
  json.end_object();
  json.key("candidates").begin_array();
  if (!candidates.empty()) json.raw(candidates);
  json.end_array();
  counts(json, "candidates_omitted", r.omitted);
}

void write_rewrite(JsonWriter& json, const Rewrite& rewrite) {
  json.key("rewrite").begin_object();
  json.key("rule").string(rewrite.rule);
  json.key("before_sha256").string(rewrite.before_sha256);
  json.key("after_sha256").string(rewrite.after_sha256);
  json.key("tokens_diff").integer(rewrite.tokens_diff);
  json.end_object();
}

void write_decision(JsonWriter& json, const Decision& d) {
  json.key("decision").begin_object();
  json.key("model_id").string(d.model_id);
  json.key("provider").string(d.provider);
  json.key("region").string(d.region);
  json.key("strategy").string(d.strategy);
  strings(json, "fallback_chain", d.fallback_chain);
  json.key("prompt_rewritten").boolean(d.prompt_rewritten);
  json.key("reason").string(d.reason);
  json.key("router_version").string(d.router_version);
  json.key("policy_version").string(d.policy_version);
  if (d.rewrite) write_rewrite(json, *d.rewrite);
  json.end_object();
}

void write_attempt(JsonWriter& json, const Attempt& a) {
  json.begin_object();
  json.key("index").integer(a.index);
  json.key("model_id").string(a.model_id);
  json.key("provider").string(a.provider);
  json.key("region").string(a.region);
  json.key("started_at").string(to_rfc3339(a.started_at));
  optional_integer(json, "ttft_ms", a.ttft_ms);
  json.key("latency_ms").integer(a.latency_ms);
  json.key("status").string(a.status);
  json.key("http_status");
  a.http_status ? json.integer(*a.http_status) : json.null();
  json.key("error_type").string(a.error_type);
  json.key("response_model").string(a.response_model);
  json.key("response_id").string(a.response_id);
  json.key("usage");
  write_usage(json, a.usage);
  optional_usd(json, "cost_usd", a.cost);
  json.key("reason").string(name(a.reason));
  if (!a.escalated_for.empty()) json.key("escalated_for").string(a.escalated_for);
  json.key("span_id").string(a.span_id);
  if (a.rewrite) write_rewrite(json, *a.rewrite);
  if (a.byok) json.key("byok").boolean(true);
  json.end_object();
}

void write_cost(JsonWriter& json, const Cost& cost) {
  json.begin_object();
  json.key("lines").begin_array();
  for (const CostLine& line : cost.lines) {
    json.begin_object();
    json.key("attempt").integer(line.attempt);
    json.key("meter").string(line.meter);
    json.key("quantity").integer(line.quantity);
    json.key("unit_price_usd_per_mtok");
    line.unit_price ? json.raw(usd_per_million(*line.unit_price)) : json.null();
    optional_usd(json, "cost_usd", line.cost);
    if (line.charged) json.key("charged_usd").usd(*line.charged);
    json.end_object();
  }
  json.end_array();
  json.key("price_version").string(cost.price_version);
  json.key("basis").string(name(cost.basis));
  optional_usd(json, "total_usd", cost.total);
  if (cost.charged) json.key("charged_usd").usd(*cost.charged);
  if (cost.byok) json.key("byok").boolean(true);
  json.end_object();
}

void write_execution(JsonWriter& json, const Execution& e, const Cost& cost) {
  json.key("execution").begin_object();
  optional_usd(json, "actual_cost_usd", cost.total);
  json.key("actual_latency_ms").integer(e.latency_ms);
  json.key("status").string(name(e.status));
  json.key("model_id").string(e.model_id);
  json.key("provider").string(e.provider);
  json.key("region").string(e.region);
  optional_integer(json, "ttft_ms", e.ttft_ms);
  json.key("overhead_us").integer(e.overhead_us);
  json.key("finish_reason").string(e.finish_reason);
  json.key("http_status").integer(e.http_status);
  json.key("ended_by").string(name(e.ended_by));
  if (!e.error_code.empty()) json.key("error_code").string(e.error_code);
  if (!e.error_message.empty()) json.key("error_message").string(e.error_message);
  json.end_object();
}

void write_extras(JsonWriter& json, const Receipt& r) {
  if (r.cache) {
    json.key("cache").begin_object();
    json.key("hit").boolean(r.cache->hit);
    json.key("kind").string(r.cache->kind);
    optional_usd(json, "avoided_cost_usd", r.cache->avoided_cost);
    json.key("source_receipt_id").string(r.cache->source_receipt_id);
    json.end_object();
  }
  if (r.budget) {
    json.key("budget").begin_object();
    json.key("id").string(r.budget->id);
    json.key("state").string(r.budget->state);
    json.key("reserved_usd").usd(r.budget->reserved);
    json.key("cap_usd").usd(r.budget->cap);
    json.key("spent_before_usd").usd(r.budget->spent_before);
    json.key("overrun_usd").usd(r.budget->overrun);
    json.end_object();
  }
  if (!r.budget_charges.empty()) {
    json.key("budget_charges").begin_array();
    for (const BudgetCharge& charge : r.budget_charges) {
      json.begin_object();
      json.key("budget_id").string(charge.budget_id);
      json.key("period").string(charge.period);
      json.key("amount_usd").usd(charge.amount);
      json.end_object();
    }
    json.end_array();
  }
  if (r.savings) {
    json.key("savings").begin_object();
    json.key("baseline_model_id").string(r.savings->baseline_model_id);
    optional_usd(json, "baseline_cost_usd", r.savings->baseline_cost);
    optional_usd(json, "savings_usd", r.savings->savings);
    json.end_object();
  }
  if (r.replay) {
    json.key("replay").begin_object();
    json.key("of").string(r.replay->of);
    json.key("content").string(r.replay->content);
    json.end_object();
  }
  if (r.content) json.key("content_policy").string(name(*r.content));
  if (r.count > 1) json.key("count").integer(r.count);
}

} // namespace

std::string json_head(const Receipt& r) {
  std::string candidates;
  candidates.reserve(r.candidates.size() * 300);
  for (const Candidate& candidate : r.candidates) {
    if (!candidates.empty()) candidates.push_back(',');
    append_candidate(candidates, candidate);
  }
  return json_head(r, candidates);
}

std::string json_head(const Receipt& r, std::string_view candidates) {
  std::string out;
  out.reserve(2048 + candidates.size());
  JsonWriter json(out);
  json.begin_object();
  write_identity(json, r);
  write_request(json, r.request);
  write_classification(json, r.classification);
  write_choice(json, r, candidates);
  write_decision(json, r.decision);
  return out;
}

std::string json_tail(const Receipt& r) {
  std::string out;
  out.reserve(3072);
  out.push_back(',');
  JsonWriter json(out);
  json.key("completed_at").string(to_rfc3339(r.completed_at));
  json.key("attempts").begin_array();
  for (const Attempt& attempt : r.attempts) write_attempt(json, attempt);
  json.end_array();
  json.key("usage");
  write_usage(json, r.usage);
  json.key("cost");
  write_cost(json, r.cost);
  write_execution(json, r.execution, r.cost);
  write_extras(json, r);
  json.end_object();
  return out;
}

std::string to_json(const Receipt& receipt) { return json_head(receipt) + json_tail(receipt); }

std::string cost_to_json(const Cost& cost) {
  std::string out;
  JsonWriter json(out);
  write_cost(json, cost);
  return out;
}

std::string with_integrity(std::string_view stored, const Integrity& integrity) {
  std::string out(stored.substr(0, stored.empty() ? 0 : stored.size() - 1)); // all but the closing brace
  JsonWriter json(out);
  out += stored.size() > 2 ? "," : "";
  json.key("sequence").integer(static_cast<std::int64_t>(integrity.sequence));
  json.key("integrity").begin_object();
  json.key("prev_hash").string(integrity.prev_hash);
  json.key("hash").string(integrity.hash);
  json.end_object();
  out.push_back('}');
  return out;
}

} // namespace kairos::model
