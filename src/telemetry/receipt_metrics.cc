#include "telemetry/receipt_metrics.h"

namespace kairos::telemetry {
namespace {

using model::Meter;

constexpr size_t kMaxModels = 1'000;
constexpr double kPicodollarsInOne = 1e12;

std::uint64_t count_of(std::int64_t value) { return value > 0 ? static_cast<std::uint64_t>(value) : 0; }

/// The conventions' own bounds: 0.01 s doubled up to 81.92 s; 1 token times four up to 67108864.
std::span<const double> genai_seconds() {
  static constexpr std::array<double, 14> kBounds = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                                     1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
  return kBounds;
}
std::span<const double> genai_tokens() {
  static constexpr std::array<double, 14> kBounds = {1,     4,     16,     64,      256,     1024,     4096,
                                                     16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
  return kBounds;
}

double seconds(std::int64_t ms) { return static_cast<double>(std::max<std::int64_t>(0, ms)) / 1000; }

} // namespace

ReceiptMetrics::ReceiptMetrics(observe::Metrics& own, observe::Metrics& genai, ProviderTable providers)
    : own_(own), genai_(genai), providers_(std::move(providers)),
      overhead_(own.histogram("kairosroute_overhead_seconds", "Time of a request spent in KairosRoute itself.",
                              observe::latency_bounds())),
      unpriced_(own.counter("kairosroute_unpriced_receipts_total", "Receipts whose cost is not known.")) {}

void ReceiptMetrics::fold(const model::Receipt& receipt) {
  const std::string endpoint(model::name(receipt.request.endpoint));
  const std::string status(model::name(receipt.execution.status));
  own_.counter("kairosroute_receipts_total", "Closed receipts; equal refusals that share one receipt count each.",
               {{"endpoint", endpoint}, {"status", status}})
      .add(count_of(receipt.count));
  own_.histogram("kairosroute_request_duration_seconds", "Time from a request's head to the end of its answer.",
                 observe::latency_bounds(), {{"endpoint", endpoint}, {"status", status}})
      .observe(seconds(receipt.execution.latency_ms));
  if (receipt.execution.status == model::Status::kRefused) {
    own_.counter("kairosroute_refusals_total", "Requests refused, by reason.", {{"code", receipt.execution.error_code}})
        .add(count_of(receipt.count));
  }
  overhead_.observe(static_cast<double>(std::max<std::int64_t>(0, receipt.execution.overhead_us)) / 1e6);
  fold_money(receipt);
  for (const model::Attempt& attempt : receipt.attempts) {
    fold_attempt(receipt, attempt);
    fold_genai(receipt, attempt);
  }
}

void ReceiptMetrics::fold_money(const model::Receipt& receipt) {
  if (!receipt.cost.total) return unpriced_.add();
  own_.amounts_counter("kairosroute_tenant_cost_usd_total", "What providers charge, by tenant.", kPicodollarsInOne,
                       {{"tenant", receipt.tenant}})
      .add(count_of(receipt.cost.total->value()));
  if (!receipt.savings || !receipt.savings->baseline_cost) return;
  own_.amounts_counter("kairosroute_baseline_cost_usd_total",
                       "What the receipts that have a baseline would have cost with it.", kPicodollarsInOne)
      .add(count_of(receipt.savings->baseline_cost->value()));
  own_.amounts_counter("kairosroute_baselined_cost_usd_total", "What the receipts that have a baseline did cost.",
                       kPicodollarsInOne)
      .add(count_of(receipt.cost.total->value()));
}

ReceiptMetrics::PerModel& ReceiptMetrics::of(const model::Attempt& attempt) {
  std::string key = attempt.provider + '\n' + attempt.model_id;
  const bool full = per_model_.size() >= kMaxModels && !per_model_.contains(key);
  if (full) key = "other\nother";
  PerModel& found = per_model_[key];
  if (found.cost != nullptr) return found;
  const std::string provider = full ? "other" : attempt.provider;
  const std::string model = full ? "other" : attempt.model_id;
  const auto tokens = [&](const char* type) {
    return &own_.counter("kairosroute_tokens_total", "Tokens by kind; the kinds do not overlap.",
                         {{"provider", provider}, {"model", model}, {"type", type}});
  };
  found.cost = &own_.amounts_counter("kairosroute_cost_usd_total",
                                     "What providers charge; whole picodollars, shown as a binary float.",
                                     kPicodollarsInOne, {{"provider", provider}, {"model", model}});
  found.input = tokens("input");
  found.output = tokens("output");
  found.cache_read = tokens("cache_read");
  found.cache_write = tokens("cache_write");
  found.reasoning = tokens("reasoning");
  found.upstream_time = &own_.histogram("kairosroute_upstream_duration_seconds", "Time of one attempt at a provider.",
                                        observe::latency_bounds(), {{"provider", provider}});
  found.first_token_time = &own_.histogram("kairosroute_upstream_first_token_seconds",
                                           "Time from sending to a provider's first token, in streams.",
                                           observe::latency_bounds(), {{"provider", provider}});
  return found;
}

void ReceiptMetrics::fold_attempt(const model::Receipt& receipt, const model::Attempt& attempt) {
  own_.counter("kairosroute_attempts_total", "Attempts at providers by how they ended.",
               {{"provider", attempt.provider},
                {"outcome", attempt.status},
                {"reason", std::string(model::name(attempt.reason))}})
      .add();
  if (!attempt.error_type.empty()) {
    own_.counter("kairosroute_attempt_errors_total", "Failed attempts by kind of error.",
                 {{"provider", attempt.provider}, {"error", attempt.error_type}})
        .add();
  }
  PerModel& sums = of(attempt);
  const model::Usage& usage = attempt.usage;
  const std::int64_t read = usage[Meter::kCacheRead] + usage[Meter::kCacheReadAudio] + usage[Meter::kCacheReadImage];
  const std::int64_t written = usage[Meter::kCacheWrite] + usage[Meter::kCacheWrite1h];
  if (attempt.cost) sums.cost->add(count_of(attempt.cost->value()));
  sums.input->add(count_of(usage.input_total() - read - written));
  sums.cache_read->add(count_of(read));
  sums.cache_write->add(count_of(written));
  sums.output->add(count_of(usage.output_total() - usage[Meter::kReasoning]));
  sums.reasoning->add(count_of(usage[Meter::kReasoning]));
  sums.upstream_time->observe(seconds(attempt.latency_ms));
  if (receipt.request.stream && attempt.ttft_ms) sums.first_token_time->observe(seconds(*attempt.ttft_ms));
}

void ReceiptMetrics::fold_genai(const model::Receipt& receipt, const model::Attempt& attempt) {
  observe::Labels labels = {{"gen_ai.operation.name", std::string(genai_operation(receipt.request.endpoint))},
                            {"gen_ai.request.model", attempt.model_id}};
  const auto known = providers_.find(attempt.provider);
  labels.emplace_back("gen_ai.provider.name", known == providers_.end() ? attempt.provider : known->second.genai_name);
  observe::Labels timed = labels;
  if (!attempt.error_type.empty()) timed.emplace_back("error.type", attempt.error_type);
  genai_.histogram("gen_ai.client.operation.duration", "GenAI operation duration.", genai_seconds(), timed)
      .observe(seconds(attempt.latency_ms));
  if (receipt.request.stream && attempt.ttft_ms) {
    genai_
        .histogram("gen_ai.client.operation.time_to_first_chunk", "Time to the first chunk of a streamed answer.",
                   genai_seconds(), labels)
        .observe(seconds(*attempt.ttft_ms));
  }
  if (attempt.usage.source == model::UsageSource::kUnknown || attempt.status != "success") return;
  for (const auto& [type, count] :
       {std::pair("input", attempt.usage.input_total()), std::pair("output", attempt.usage.output_total())}) {
    observe::Labels typed = labels;
    typed.emplace_back("gen_ai.token.type", type);
    genai_.histogram("gen_ai.client.token.usage", "Number of input and output tokens used.", genai_tokens(), typed)
        .observe(static_cast<double>(count));
  }
}

} // namespace kairos::telemetry
