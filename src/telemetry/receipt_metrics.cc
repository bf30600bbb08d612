#include "telemetry/receipt_metrics.h"

#include "telemetry/times.h"

namespace kairos::telemetry {
namespace {

using model::Meter;

constexpr size_t kMaxModels = 1'000;
constexpr double kPicodollarsInOne = 1e12;
constexpr const char* kTenantCost = "kairosroute_tenant_cost_usd_total";
constexpr const char* kTenantCostHelp = "What providers charge, by tenant.";

std::uint64_t count_of(std::int64_t value) { return value > 0 ? static_cast<std::uint64_t>(value) : 0; }

} // namespace

ReceiptMetrics::ReceiptMetrics(observe::Metrics& own, observe::Metrics& genai, ProviderTable providers,
                               config::GenAiConventions conventions)
    : own_(own), genai_(genai, std::move(providers), conventions),
      overhead_(own.histogram("kairosroute_overhead_seconds", "Time of a request spent in KairosRoute itself.",
                              observe::latency_bounds())),
      unpriced_(own.counter("kairosroute_unpriced_receipts_total", "Receipts whose cost is not known.")) {}

ReceiptMetrics::PerOutcome& ReceiptMetrics::of(const model::Receipt& receipt) {
  PerOutcome& found =
      outcomes_[static_cast<size_t>(receipt.request.endpoint)][static_cast<size_t>(receipt.execution.status)];
  if (found.receipts != nullptr) return found;
  const observe::Labels labels = {{"endpoint", std::string(model::name(receipt.request.endpoint))},
                                  {"status", std::string(model::name(receipt.execution.status))}};
  found.receipts = &own_.counter("kairosroute_receipts_total",
                                 "Closed receipts; equal refusals that share one receipt count each.", labels);
  found.time =
      &own_.histogram("kairosroute_request_duration_seconds", "Time from a request's head to the end of its answer.",
                      observe::latency_bounds(), labels);
  return found;
}

void ReceiptMetrics::fold(const model::Receipt& receipt) {
  const PerOutcome& outcome = of(receipt);
  outcome.receipts->add(count_of(receipt.count));
  outcome.time->observe(seconds_of(receipt.execution.latency_ms));
  if (receipt.execution.status == model::Status::kRefused) {
    own_.counter("kairosroute_refusals_total", "Requests refused, by reason.", {{"code", receipt.execution.error_code}})
        .add(count_of(receipt.count));
  }
  overhead_.observe(static_cast<double>(std::max<std::int64_t>(0, receipt.execution.overhead_us)) / 1e6);
  fold_money(receipt);
  for (const model::Attempt& attempt : receipt.attempts) {
    fold_attempt(receipt, attempt);
    genai_.fold(receipt, attempt);
  }
}

observe::Counter& ReceiptMetrics::tenant_cost(const std::string& tenant) {
  if (const auto found = tenants_.find(tenant); found != tenants_.end()) return *found->second;
  observe::Counter& made = own_.amounts_counter(kTenantCost, kTenantCostHelp, kPicodollarsInOne, {{"tenant", tenant}});
  if (tenants_.size() < observe::kMaxSeries) tenants_.emplace(tenant, &made);
  return made;
}

void ReceiptMetrics::fold_money(const model::Receipt& receipt) {
  if (!receipt.cost.total) return unpriced_.add();
  tenant_cost(receipt.tenant).add(count_of(receipt.cost.total->value()));
  if (!receipt.savings || !receipt.savings->baseline_cost) return;
  if (baseline_ == nullptr) {
    baseline_ =
        &own_.amounts_counter("kairosroute_baseline_cost_usd_total",
                              "What the receipts that have a baseline would have cost with it.", kPicodollarsInOne);
    baselined_ = &own_.amounts_counter("kairosroute_baselined_cost_usd_total",
                                       "What the receipts that have a baseline did cost.", kPicodollarsInOne);
  }
  baseline_->add(count_of(receipt.savings->baseline_cost->value()));
  baselined_->add(count_of(receipt.cost.total->value()));
}

ReceiptMetrics::PerModel& ReceiptMetrics::of(const model::Attempt& attempt) {
  if (const auto provider = per_model_.find(attempt.provider); provider != per_model_.end()) {
    const auto found = provider->second.find(attempt.model_id);
    if (found != provider->second.end()) return found->second;
  }
  const bool full = models_ >= kMaxModels;
  const std::string provider = full ? "other" : attempt.provider;
  const std::string model = full ? "other" : attempt.model_id;
  PerModel& made = per_model_[provider][model];
  if (made.cost != nullptr) return made;
  ++models_;
  fill(made, provider, model);
  return made;
}

void ReceiptMetrics::fill(PerModel& into, const std::string& provider, const std::string& model) {
  const auto tokens = [&](const char* type) {
    return &own_.counter("kairosroute_tokens_total", "Tokens by kind; the kinds do not overlap.",
                         {{"provider", provider}, {"model", model}, {"type", type}});
  };
  into.cost = &own_.amounts_counter("kairosroute_cost_usd_total",
                                    "What providers charge; whole picodollars, shown as a binary float.",
                                    kPicodollarsInOne, {{"provider", provider}, {"model", model}});
  into.input = tokens("input");
  into.output = tokens("output");
  into.cache_read = tokens("cache_read");
  into.cache_write = tokens("cache_write");
  into.reasoning = tokens("reasoning");
  into.upstream_time = &own_.histogram("kairosroute_upstream_duration_seconds", "Time of one attempt at a provider.",
                                       observe::latency_bounds(), {{"provider", provider}});
  into.first_token_time = &own_.histogram("kairosroute_upstream_first_token_seconds",
                                          "Time from sending to a provider's first token, in streams.",
                                          observe::latency_bounds(), {{"provider", provider}});
}

observe::Counter& ReceiptMetrics::attempts(const std::string& provider, std::string_view outcome,
                                           model::AttemptReason reason) {
  return own_.counter(
      "kairosroute_attempts_total", "Attempts at providers by how they ended.",
      {{"provider", provider}, {"outcome", std::string(outcome)}, {"reason", std::string(model::name(reason))}});
}

void ReceiptMetrics::fold_attempt(const model::Receipt& receipt, const model::Attempt& attempt) {
  PerModel& sums = of(attempt);
  if (models_ < kMaxModels && attempt.status == "success" && attempt.reason == model::AttemptReason::kFirst) {
    if (sums.first_successes == nullptr)
      sums.first_successes = &attempts(attempt.provider, attempt.status, attempt.reason);
    sums.first_successes->add();
  } else {
    attempts(attempt.provider, attempt.status, attempt.reason).add();
  }
  if (!attempt.error_type.empty()) {
    own_.counter("kairosroute_attempt_errors_total", "Failed attempts by kind of error.",
                 {{"provider", attempt.provider}, {"error", attempt.error_type}})
        .add();
  }
  const model::Usage& usage = attempt.usage;
  const std::int64_t read = usage[Meter::kCacheRead] + usage[Meter::kCacheReadAudio] + usage[Meter::kCacheReadImage];
  const std::int64_t written = usage[Meter::kCacheWrite] + usage[Meter::kCacheWrite1h];
  if (attempt.cost) sums.cost->add(count_of(attempt.cost->value()));
  sums.input->add(count_of(usage.input_total() - read - written));
  sums.cache_read->add(count_of(read));
  sums.cache_write->add(count_of(written));
  sums.output->add(count_of(usage.output_total() - usage[Meter::kReasoning]));
  sums.reasoning->add(count_of(usage[Meter::kReasoning]));
  sums.upstream_time->observe(seconds_of(attempt.latency_ms));
  if (receipt.request.stream && attempt.ttft_ms) sums.first_token_time->observe(seconds_of(*attempt.ttft_ms));
}

} // namespace kairos::telemetry
