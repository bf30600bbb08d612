#include "api/replay_sums.h"

namespace kairos::api {
namespace {

void usd_or_null(model::JsonWriter& json, std::string_view key, const std::optional<Picodollars>& amount) {
  json.key(key);
  amount ? json.string(usd(*amount)) : json.null();
}
void sum_or_null(model::JsonWriter& json, std::string_view key, const std::optional<PicoSum>& sum) {
  json.key(key);
  sum ? json.string(usd_sum(*sum)) : json.null();
}
void number_or_null(model::JsonWriter& json, std::string_view key, const std::optional<std::int64_t>& number) {
  json.key(key);
  number ? json.integer(*number) : json.null();
}

/// Of an amount that is not known there is no sum.
void add(std::optional<PicoSum>& sum, const std::optional<Picodollars>& amount) {
  if (sum && amount) {
    *sum += amount->value();
  } else {
    sum.reset();
  }
}

} // namespace

void text_or_null(model::JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  text.empty() ? json.null() : json.string(text);
}

void write_outcome(model::JsonWriter& json, const RunOutcome& one, const std::string& model_id) {
  json.begin_object();
  json.key("receipt_id").string(one.receipt_id);
  json.key("model_id").string(model_id);
  json.key("outcome").string(one.outcome);
  text_or_null(json, "why", one.why);
  text_or_null(json, "replay_receipt_id", one.replay_receipt_id);
  usd_or_null(json, "cost_usd", one.cost);
  usd_or_null(json, "original_cost_usd", one.cost_before);
  number_or_null(json, "latency_ms", one.latency_ms);
  number_or_null(json, "original_latency_ms", one.latency_before);
  json.key("equal");
  one.equal ? json.boolean(*one.equal) : json.null();
  json.end_object();
}

void write_model_sums(model::JsonWriter& json, std::span<const RunOutcome> outcomes, size_t model,
                      const std::string& model_id) {
  std::int64_t replayed = 0;
  std::int64_t equal = 0;
  std::int64_t skipped = 0;
  std::int64_t failed = 0;
  std::optional<PicoSum> cost = 0;
  std::optional<PicoSum> before = 0;
  for (const RunOutcome& one : outcomes) {
    if (one.model != model) continue;
    const bool done = one.outcome == "replayed";
    replayed += done ? 1 : 0;
    skipped += one.outcome == "skipped" ? 1 : 0;
    failed += one.outcome == "failed" ? 1 : 0;
    equal += one.equal.value_or(false) ? 1 : 0;
    if (done || !one.replay_receipt_id.empty()) add(cost, one.cost);
    if (done) add(before, one.cost_before);
  }
  json.begin_object();
  json.key("model_id").string(model_id);
  json.key("replayed").integer(replayed);
  json.key("equal").integer(equal);
  json.key("skipped").integer(skipped);
  json.key("failed").integer(failed);
  sum_or_null(json, "cost_usd", cost);
  sum_or_null(json, "original_cost_usd", before);
  json.end_object();
}

} // namespace kairos::api
