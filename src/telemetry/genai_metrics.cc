#include "telemetry/genai_metrics.h"

#include <array>

#include "telemetry/times.h"

namespace kairos::telemetry {
namespace {

using model::Meter;

constexpr size_t kMostKept = 1'000;

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

/// What of a usage stands under one counter and modality. Text meters of the input are disjoint there: cached ones are
/// a part of input_tokens, as on spans.
struct Part {
  const char* counter;
  const char* modality;
  std::int64_t (*of)(const model::Usage& usage);
};
constexpr std::array<Part, 11> kParts = {{
    {"input_tokens", "text",
     [](const model::Usage& u) {
       return u[Meter::kInput] + u[Meter::kCacheRead] + u[Meter::kCacheWrite] + u[Meter::kCacheWrite1h];
     }},
    {"input_tokens", "audio", [](const model::Usage& u) { return u[Meter::kInputAudio] + u[Meter::kCacheReadAudio]; }},
    {"input_tokens", "image", [](const model::Usage& u) { return u[Meter::kInputImage] + u[Meter::kCacheReadImage]; }},
    {"cache_read.input_tokens", "text", [](const model::Usage& u) { return u[Meter::kCacheRead]; }},
    {"cache_read.input_tokens", "audio", [](const model::Usage& u) { return u[Meter::kCacheReadAudio]; }},
    {"cache_read.input_tokens", "image", [](const model::Usage& u) { return u[Meter::kCacheReadImage]; }},
    {"cache_write.input_tokens", "text",
     [](const model::Usage& u) { return u[Meter::kCacheWrite] + u[Meter::kCacheWrite1h]; }},
    {"output_tokens", "text", [](const model::Usage& u) { return u[Meter::kOutput] + u[Meter::kReasoning]; }},
    {"output_tokens", "audio", [](const model::Usage& u) { return u[Meter::kOutputAudio]; }},
    {"output_tokens", "image", [](const model::Usage& u) { return u[Meter::kOutputImage]; }},
    {"reasoning.output_tokens", "text", [](const model::Usage& u) { return u[Meter::kReasoning]; }},
}};

} // namespace

bool GenAiMetrics::is_newest(const model::Receipt& receipt) const {
  return conventions_ == config::GenAiConventions::kLatest && receipt.request.endpoint != model::Endpoint::kEmbeddings;
}

observe::Labels GenAiMetrics::labels(const model::Receipt& receipt, const model::Attempt& attempt) const {
  const auto known = providers_.find(attempt.provider);
  return {{"gen_ai.operation.name", std::string(genai_operation(receipt, attempt))},
          {"gen_ai.request.model", attempt.model_id},
          {"gen_ai.provider.name", known == providers_.end() ? attempt.provider : known->second.genai_name}};
}

GenAiMetrics::Series& GenAiMetrics::of(const model::Receipt& receipt, const model::Attempt& attempt) {
  auto& by_provider = series_[genai_operation(receipt, attempt)];
  if (const auto provider = by_provider.find(attempt.provider); provider != by_provider.end()) {
    const auto found = provider->second.find(attempt.model_id);
    if (found != provider->second.end()) return found->second;
  }
  if (kept_ >= kMostKept) return spare_ = {};
  ++kept_;
  return by_provider[attempt.provider][attempt.model_id];
}

observe::Histogram& GenAiMetrics::duration(const model::Receipt& receipt, observe::Labels labels) {
  const bool newest = is_newest(receipt);
  return metrics_.histogram(newest ? "gen_ai.client.inference.duration" : "gen_ai.client.operation.duration",
                            newest ? "Duration of inferences." : "GenAI operation duration.", genai_seconds(), labels);
}

observe::Histogram& GenAiMetrics::first_chunk(const model::Receipt& receipt, const observe::Labels& labels) {
  return metrics_.histogram(is_newest(receipt) ? "gen_ai.client.inference.time_to_first_chunk"
                                               : "gen_ai.client.operation.time_to_first_chunk",
                            "Time to the first chunk of a streamed answer.", genai_seconds(), labels);
}

observe::Histogram& GenAiMetrics::tokens(const model::Receipt& receipt, observe::Labels labels,
                                         const std::string& type) {
  if (is_newest(receipt)) {
    return metrics_.histogram("gen_ai.client.inference.operation." + type + "_tokens",
                              "Tokens of single inferences; not for cost.", genai_tokens(), labels);
  }
  labels.emplace_back("gen_ai.token.type", type);
  return metrics_.histogram("gen_ai.client.token.usage", "Number of input and output tokens used.", genai_tokens(),
                            labels);
}

void GenAiMetrics::count_usage(const model::Receipt& receipt, const model::Attempt& attempt) {
  const observe::Labels same = labels(receipt, attempt);
  for (const Part& part : kParts) {
    const std::int64_t quantity = part.of(attempt.usage);
    if (quantity <= 0) continue;
    observe::Labels all = same;
    all.emplace_back("gen_ai.token.modality", part.modality);
    metrics_.counter(std::string("gen_ai.client.inference.usage.") + part.counter, "Tokens used by inferences.", all)
        .add(static_cast<std::uint64_t>(quantity));
  }
}

void GenAiMetrics::fold(const model::Receipt& receipt, const model::Attempt& attempt) {
  Series& series = of(receipt, attempt);
  if (attempt.error_type.empty()) {
    if (series.duration == nullptr) series.duration = &duration(receipt, labels(receipt, attempt));
    series.duration->observe(seconds_of(attempt.latency_ms));
  } else {
    observe::Labels failed = labels(receipt, attempt);
    failed.emplace_back("error.type", attempt.error_type);
    duration(receipt, std::move(failed)).observe(seconds_of(attempt.latency_ms));
  }
  if (receipt.request.stream && attempt.ttft_ms) {
    if (series.first_chunk == nullptr) series.first_chunk = &first_chunk(receipt, labels(receipt, attempt));
    series.first_chunk->observe(seconds_of(*attempt.ttft_ms));
  }
  if (attempt.usage.source == model::UsageSource::kUnknown || attempt.status != "success") return;
  if (series.input == nullptr) {
    series.input = &tokens(receipt, labels(receipt, attempt), "input");
    series.output = &tokens(receipt, labels(receipt, attempt), "output");
  }
  series.input->observe(static_cast<double>(attempt.usage.input_total()));
  series.output->observe(static_cast<double>(attempt.usage.output_total()));
  if (is_newest(receipt)) count_usage(receipt, attempt);
}

} // namespace kairos::telemetry
