#include "model/testing/sample_receipt.h"

namespace kairos::model {
namespace {

WallTime at(const char* text) { return *parse_rfc3339(text); }

Attempt failed_attempt() {
  Attempt attempt;
  attempt.model_id = "claude-sonnet-4-6";
  attempt.provider = "anthropic";
  attempt.region = "us-east";
  attempt.started_at = at("2026-04-24T13:07:42.318840Z");
  attempt.latency_ms = 41;
  attempt.status = "error";
  attempt.http_status = 429;
  attempt.error_type = "429";
  attempt.usage.source = UsageSource::kCounted;
  attempt.cost = Picodollars(0);
  attempt.span_id = "00f067aa0ba902b7";
  return attempt;
}

Attempt served_attempt() {
  Attempt attempt = failed_attempt();
  attempt.index = 1;
  attempt.region = "eu-west";
  attempt.ttft_ms = 214;
  attempt.latency_ms = 650;
  attempt.status = "success";
  attempt.http_status = 200;
  attempt.error_type.clear();
  attempt.response_model = "claude-sonnet-4-6-20260218";
  attempt.response_id = "msg_01";
  attempt.usage[Meter::kInput] = 4080;
  attempt.usage[Meter::kCacheRead] = 674;
  attempt.usage[Meter::kOutput] = 44;
  attempt.usage.source = UsageSource::kProvider;
  attempt.cost = Picodollars(13'102'200'000);
  attempt.reason = AttemptReason::kRetry;
  attempt.span_id = "00f067aa0ba902b8";
  attempt.rewrite = Rewrite{"trim", std::string(64, 'a'), std::string(64, 'b'), -12};
  return attempt;
}

void fill_choice(Receipt& r) {
  r.classification.category = Category::kReasoning;
  r.classification.confidence = 0.91;
  r.classification.probabilities = {0.01, 0.91, 0.06, 0, 0, 0, 0.02, 0};
  r.classification.classifier = "ngram-test";
  r.privacy = {"deny_training", {{"email", 2}}, 1, "redact"};
  r.candidates.resize(3);
  r.candidates[0] = {"claude-sonnet-4-6", "anthropic", "us-east", 0.88, Picodollars(14'200'000'000), 0.9, 720, 1,
                     {"in-budget"},       {}};
  r.candidates[1] = {"gemini-3-pro", "google", "", 0.8, Picodollars(15'000'000'000), 0.88, 800, 2, {}, {}};
  r.candidates[2] = {"gpt-5.4", "openai", "", {}, Picodollars(21'400'000'000), 0.93, 640, {}, {}, {Filter::kBudget}};
  r.omitted = {{"quality", 4}};
  r.decision = {"claude-sonnet-4-6",
                "anthropic",
                "us-east",
                "single",
                {"gemini-3-pro"},
                true,
                "Sent to claude-sonnet-4-6: the cheapest of 2 models that clear the reasoning floor of 0.85.",
                "0.1.0",
                "v41",
                Rewrite{"trim", std::string(64, 'a'), std::string(64, 'b'), -12}};
}

void fill_money(Receipt& r) {
  r.usage = r.attempts.back().usage;
  r.cost.lines = {{1, "input_tokens", 4080, UnitPrice(3'000'000'000), Picodollars(12'240'000'000)},
                  {1, "cache_read_tokens", 674, UnitPrice(300'000'000), Picodollars(202'200'000)},
                  {1, "output_tokens", 44, UnitPrice(15'000'000'000), Picodollars(660'000'000)}};
  r.cost.price_version = "2026-04-18";
  r.cost.total = Picodollars(13'102'200'000);
  r.cost.charged = Picodollars(15'722'640'000);
  r.cache = CacheSummary{false, "", {}, ""};
  r.budget = BudgetSummary{"bud_monthly", "ok", Picodollars(20'000'000'000), kOneUsd, Picodollars(500'000'000'000),
                           Picodollars(0)};
  r.budget_charges = {{"bud_monthly", "2026-04", Picodollars(13'102'200'000)}};
  r.savings = Savings{"gpt-5.4", Picodollars(21'400'000'000), Picodollars(8'297'800'000)};
  r.replay = Replay{"rcpt_01JKEZ4F9T8QX2M7RA00000000", "stored"};
  r.content = ContentPolicy::kFull;
}

} // namespace

Receipt sample_receipt() {
  Receipt r;
  r.receipt_id = "rcpt_01JKEZ4F9T8QX2M7RA11111111";
  r.node_id = "node-1";
  r.created_at = at("2026-04-24T13:07:42.318000Z");
  r.completed_at = at("2026-04-24T13:07:43.010000Z");
  r.tenant = "nova-labs-prod";
  r.workflow = "contract-review";
  r.api_key_id = "key_01";
  r.end_user = "user-7";
  r.tags = {{"team", "legal"}, {"note", "quote \" and <tag>"}};
  r.trace = {"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "00f067aa0ba902b6", true};
  r.request = {Endpoint::kChatCompletions, "auto", false, true, 4700, 1024, true, false, std::string(32, 'f')};
  fill_choice(r);
  r.attempts = {failed_attempt(), served_attempt()};
  fill_money(r);
  r.execution = {"claude-sonnet-4-6", "anthropic", "eu-west", 692, 255, 890, Status::kSuccess, "stop", 200,
                 EndedBy::kProvider,  "",          ""};
  return r;
}

} // namespace kairos::model
