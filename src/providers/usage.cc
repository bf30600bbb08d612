#include "providers/usage.h"

#include <algorithm>

#include "providers/usage_json.h"

namespace kairos::providers {
namespace {

using model::Meter;

std::int64_t count_or_zero(Json parent, std::string_view key) { return count_member(parent, key).value_or(0); }

// docs.anthropic.com/en/api/messages, "usage": every class stands beside the others.
std::optional<model::Usage> read_anthropic_usage(Json json) {
  const auto input = count_member(json, "input_tokens");
  const auto output = count_member(json, "output_tokens");
  const auto read = count_member(json, "cache_read_input_tokens");
  const auto written = count_member(json, "cache_creation_input_tokens");
  if (!input && !output && !read && !written) return std::nullopt;
  model::Usage usage;
  usage.source = model::UsageSource::kProvider;
  usage[Meter::kInput] = input.value_or(0);
  usage[Meter::kCacheRead] = read.value_or(0);
  usage[Meter::kCacheWrite] = written.value_or(0);
  if (const auto split = member(json, "cache_creation")) {
    const std::int64_t short_lived = count_or_zero(*split, "ephemeral_5m_input_tokens");
    const std::int64_t hour = count_or_zero(*split, "ephemeral_1h_input_tokens");
    const std::int64_t all = written.value_or(short_lived + hour);
    usage.inconsistent = short_lived + hour != all;
    usage[Meter::kCacheWrite1h] = std::min(hour, all);
    usage[Meter::kCacheWrite] = all - usage[Meter::kCacheWrite1h];
  }
  std::int64_t rest = output.value_or(0);
  if (const auto details = member(json, "output_tokens_details")) {
    const std::int64_t thought =
        std::max(count_or_zero(*details, "thinking_tokens"), count_or_zero(*details, "reasoning_tokens"));
    usage.inconsistent = usage.inconsistent || thought > rest;
    usage[Meter::kReasoning] = std::min(thought, rest);
    rest -= usage[Meter::kReasoning];
  }
  usage[Meter::kOutput] = rest;
  if (const auto tools = member(json, "server_tool_use")) {
    usage[Meter::kWebSearch] = count_or_zero(*tools, "web_search_requests");
  }
  return usage;
}

// docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
std::optional<model::Usage> read_bedrock_usage(Json json) {
  const auto input = count_member(json, "inputTokens");
  const auto output = count_member(json, "outputTokens");
  if (!input && !output) return std::nullopt;
  model::Usage usage;
  usage.source = model::UsageSource::kProvider;
  usage[Meter::kInput] = input.value_or(0);
  usage[Meter::kOutput] = output.value_or(0);
  usage[Meter::kCacheRead] = count_or_zero(json, "cacheReadInputTokens");
  usage[Meter::kCacheWrite] = count_or_zero(json, "cacheWriteInputTokens");
  if (const auto details = array_member(json, "cacheDetails")) {
    for (const Json entry : *details) {
      if (text_member(entry, "ttl") != "1h") continue;
      const std::int64_t hour = std::min(count_or_zero(entry, "inputTokens"), usage[Meter::kCacheWrite]);
      usage[Meter::kCacheWrite1h] += hour;
      usage[Meter::kCacheWrite] -= hour;
    }
  }
  const auto total = count_member(json, "totalTokens");
  const std::int64_t plain = input.value_or(0) + output.value_or(0);
  usage.inconsistent = total && *total != 0 && *total != plain && *total != usage.input_total() + usage.output_total();
  return usage;
}

/// Replaces all input classes, or all output classes.
void take_group(model::Usage& known, const model::Usage& later, bool input) {
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    if (model::is_token_meter(meter) && model::is_input_meter(meter) == input) known[meter] = later[meter];
  }
}

void merge_disjoint(model::Usage& known, const model::Usage& later) {
  const std::int64_t written = known[Meter::kCacheWrite] + known[Meter::kCacheWrite1h];
  const bool unsplit = later[Meter::kCacheWrite1h] == 0 && later[Meter::kCacheWrite] == written;
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    if (meter == Meter::kCacheWrite && unsplit) continue; // the same writes, told without their lifetimes
    if (later[meter] != 0) known[meter] = later[meter];
  }
}

} // namespace

UsageShape usage_shape(model::Endpoint client_endpoint, model::Dialect provider) {
  switch (provider) {
  case model::Dialect::kAnthropic:
    return UsageShape::kAnthropic;
  case model::Dialect::kGemini:
    return UsageShape::kGemini;
  case model::Dialect::kBedrock:
    return UsageShape::kBedrock;
  case model::Dialect::kOpenAi:
    break;
  }
  return client_endpoint == model::Endpoint::kResponses ? UsageShape::kOpenAiResponses : UsageShape::kOpenAiChat;
}

std::optional<model::Usage> read_usage_json(UsageShape shape, Json usage) {
  switch (shape) {
  case UsageShape::kAnthropic:
    return read_anthropic_usage(usage);
  case UsageShape::kGemini:
    return read_gemini_usage(usage);
  case UsageShape::kBedrock:
    return read_bedrock_usage(usage);
  case UsageShape::kOpenAiChat:
  case UsageShape::kOpenAiResponses:
    break;
  }
  return read_openai_usage(usage);
}

std::optional<model::Usage> read_usage(UsageShape shape, std::string_view json) {
  const auto parsed = parse_json(json, 1);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return read_usage_json(shape, *parsed);
}

void merge_usage(UsageShape shape, model::Usage& known, const model::Usage& later) {
  if (known.source == model::UsageSource::kUnknown) {
    known = later;
    return;
  }
  known.inconsistent = known.inconsistent || later.inconsistent;
  if (!later.other.empty()) known.other = later.other;
  if (shape == UsageShape::kAnthropic || shape == UsageShape::kBedrock) {
    merge_disjoint(known, later);
    return;
  }
  if (later.input_total() > 0) take_group(known, later, true);
  if (later.output_total() > 0) take_group(known, later, false);
  if (later[Meter::kWebSearch] > 0) known[Meter::kWebSearch] = later[Meter::kWebSearch];
}

} // namespace kairos::providers
