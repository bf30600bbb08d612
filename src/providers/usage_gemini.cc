// Gemini's usageMetadata: ai.google.dev/api/generate-content#UsageMetadata. Thoughts stand beside the candidates,
// prompts of tool use beside the prompt; cached content stands inside the prompt.
#include <algorithm>

#include "providers/usage_json.h"

namespace kairos::providers {
namespace {

using model::Meter;

std::int64_t of_modality(Json usage, std::string_view key, std::string_view modality) {
  const auto details = array_member(usage, key);
  if (!details) return 0;
  std::int64_t sum = 0;
  for (const Json entry : *details) {
    if (text_member(entry, "modality") == modality) sum += count_member(entry, "tokenCount").value_or(0);
  }
  return sum;
}

std::int64_t take_from(model::Usage& usage, Meter from, std::int64_t part) {
  const std::int64_t taken = std::clamp<std::int64_t>(part, 0, usage[from]);
  usage.inconsistent = usage.inconsistent || taken < part;
  usage[from] -= taken;
  return taken;
}

void split_by_modality(model::Usage& usage, Json json) {
  const std::int64_t audio = of_modality(json, "promptTokensDetails", "AUDIO");
  const std::int64_t image = of_modality(json, "promptTokensDetails", "IMAGE");
  usage[Meter::kCacheReadAudio] = take_from(usage, Meter::kCacheRead, of_modality(json, "cacheTokensDetails", "AUDIO"));
  usage[Meter::kCacheReadImage] = take_from(usage, Meter::kCacheRead, of_modality(json, "cacheTokensDetails", "IMAGE"));
  usage[Meter::kInputAudio] =
      take_from(usage, Meter::kInput, std::max<std::int64_t>(audio - usage[Meter::kCacheReadAudio], 0));
  usage[Meter::kInputImage] =
      take_from(usage, Meter::kInput, std::max<std::int64_t>(image - usage[Meter::kCacheReadImage], 0));
  usage[Meter::kOutputAudio] = take_from(usage, Meter::kOutput, of_modality(json, "candidatesTokensDetails", "AUDIO"));
  usage[Meter::kOutputImage] = take_from(usage, Meter::kOutput, of_modality(json, "candidatesTokensDetails", "IMAGE"));
}

} // namespace

std::optional<model::Usage> read_gemini_usage(Json json) {
  const auto prompt = count_member(json, "promptTokenCount");
  const auto total = count_member(json, "totalTokenCount");
  if (!prompt && !total) return std::nullopt;
  const std::int64_t candidates = count_member(json, "candidatesTokenCount").value_or(0);
  const std::int64_t thoughts = count_member(json, "thoughtsTokenCount").value_or(0);
  const std::int64_t tools = count_member(json, "toolUsePromptTokenCount").value_or(0);
  model::Usage usage;
  usage.source = model::UsageSource::kProvider;
  usage[Meter::kInput] = prompt.value_or(0) + tools;
  usage[Meter::kOutput] = candidates;
  const std::int64_t plain = usage[Meter::kInput] + candidates;
  const bool inside = thoughts > 0 && total == plain;
  usage[Meter::kReasoning] = inside ? take_from(usage, Meter::kOutput, thoughts) : thoughts;
  usage[Meter::kCacheRead] = take_from(usage, Meter::kInput, count_member(json, "cachedContentTokenCount").value_or(0));
  split_by_modality(usage, json);
  const bool fits = !total || *total == 0 || *total == (inside ? plain : plain + thoughts);
  usage.inconsistent = usage.inconsistent || !fits;
  return usage;
}

} // namespace kairos::providers
