// OpenAI's usage objects, and what the many servers that imitate them make of them.
#include <algorithm>
#include <array>

#include "providers/usage_json.h"

namespace kairos::providers {
namespace {

using model::Meter;
using Names = std::initializer_list<std::string_view>;

std::optional<std::int64_t> first_count(std::optional<Json> parent, Names names) {
  if (!parent) return std::nullopt;
  for (const std::string_view name : names) {
    if (const auto count = count_member(*parent, name)) return count;
  }
  return std::nullopt;
}

std::optional<Json> first_member(Json parent, Names names) {
  for (const std::string_view name : names) {
    if (const auto found = member(parent, name)) return found;
  }
  return std::nullopt;
}

/// Takes `part` out of `rest`; what is not there cannot be taken and marks the usage as contradictory.
std::int64_t take_part(std::int64_t& rest, std::optional<std::int64_t> part, bool& inconsistent) {
  const std::int64_t taken = std::min(rest, part.value_or(0));
  inconsistent = inconsistent || taken < part.value_or(0);
  rest -= taken;
  return taken;
}

/// Details whose tokens stand in the total and have a meter, or are only another cut through the same tokens.
constexpr std::array<std::string_view, 12> kKnownDetails = {"cached_tokens",
                                                            "cached_tokens_details",
                                                            "audio_tokens",
                                                            "image_tokens",
                                                            "text_tokens",
                                                            "cache_write_tokens",
                                                            "cache_creation_tokens",
                                                            "reasoning_tokens",
                                                            "accepted_prediction_tokens",
                                                            "rejected_prediction_tokens",
                                                            "cache_write_details",
                                                            "reasoning_tokens_details"};

/// A class nobody here has heard of is taken out and kept under its own name: priced unknown, not dropped.
void take_unknown(model::Usage& usage, std::optional<Json> details, std::string_view prefix, std::int64_t& rest) {
  JsonObject object;
  if (!details || details->get(object) != simdjson::SUCCESS) return;
  for (const auto field : object) {
    if (!field.key.ends_with("_tokens")) continue;
    if (std::find(kKnownDetails.begin(), kKnownDetails.end(), field.key) != kKnownDetails.end()) continue;
    const std::int64_t taken = take_part(rest, count_member(*details, field.key), usage.inconsistent);
    if (taken > 0) usage.other.emplace_back(std::string(prefix).append(field.key.substr(0, 64)), taken);
  }
}

struct Totals {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::optional<std::int64_t> all; // absent, or 0 with counts: not reported
};

void read_input(model::Usage& usage, Json json, Totals& totals) {
  const auto details = first_member(json, {"prompt_tokens_details", "input_tokens_details"});
  const auto by_kind = details ? member(*details, "cached_tokens_details") : std::nullopt;
  auto cached = first_count(details, {"cached_tokens"});
  if (!cached) {
    cached =
        first_count(json, {"prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens"});
  }
  auto written = first_count(details, {"cache_write_tokens", "cache_creation_tokens"});
  if (!written) written = first_count(json, {"cache_creation_input_tokens"});
  // A total that is larger by exactly the cached tokens says that they stand beside the prompt tokens.
  const std::int64_t beside = cached.value_or(0) + written.value_or(0);
  if (beside > 0 && totals.all == totals.input + totals.output + beside) totals.input += beside;

  std::int64_t rest = totals.input;
  std::int64_t cached_rest = take_part(rest, cached, usage.inconsistent);
  usage[Meter::kCacheWrite] = take_part(rest, written, usage.inconsistent);
  usage[Meter::kCacheReadAudio] = take_part(cached_rest, first_count(by_kind, {"audio_tokens"}), usage.inconsistent);
  usage[Meter::kCacheReadImage] = take_part(cached_rest, first_count(by_kind, {"image_tokens"}), usage.inconsistent);
  usage[Meter::kCacheRead] = cached_rest;
  // The details count cached audio among the audio, cached images among the images.
  const std::int64_t audio = first_count(details, {"audio_tokens"}).value_or(0) - usage[Meter::kCacheReadAudio];
  const std::int64_t image = first_count(details, {"image_tokens"}).value_or(0) - usage[Meter::kCacheReadImage];
  usage[Meter::kInputAudio] = take_part(rest, std::max<std::int64_t>(audio, 0), usage.inconsistent);
  usage[Meter::kInputImage] = take_part(rest, std::max<std::int64_t>(image, 0), usage.inconsistent);
  take_unknown(usage, details, "input_", rest);
  usage[Meter::kInput] = rest;
}

void read_output(model::Usage& usage, Json json, const Totals& totals) {
  const auto details = first_member(json, {"completion_tokens_details", "output_tokens_details"});
  auto reasoning = first_count(details, {"reasoning_tokens"});
  if (!reasoning) reasoning = first_count(json, {"reasoning_tokens"});
  const std::int64_t thought = reasoning.value_or(0);
  std::int64_t rest = totals.output;
  const std::int64_t sum = totals.input + totals.output;
  // Inside or beside the completion tokens: only the total tells (xAI does both); without one, more than all of them
  // cannot be inside.
  const bool outside = thought > 0 && (totals.all ? *totals.all == sum + thought : thought > totals.output);
  usage[Meter::kReasoning] = outside ? thought : take_part(rest, reasoning, usage.inconsistent);
  usage[Meter::kOutputAudio] = take_part(rest, first_count(details, {"audio_tokens"}), usage.inconsistent);
  usage[Meter::kOutputImage] = take_part(rest, first_count(details, {"image_tokens"}), usage.inconsistent);
  take_unknown(usage, details, "output_", rest);
  usage[Meter::kOutput] = rest;
  if (!totals.all || outside || *totals.all == sum) return;
  usage.inconsistent = true;
  // Output that only the total shows is thinking that the details do not name (Gemini behind its OpenAI face).
  if (thought == 0 && *totals.all > sum) usage[Meter::kReasoning] += *totals.all - sum;
}

} // namespace

std::optional<model::Usage> read_openai_usage(Json json) {
  const auto input = first_count(json, {"prompt_tokens", "input_tokens"});
  const auto output = first_count(json, {"completion_tokens", "output_tokens"});
  Totals totals{input.value_or(0), output.value_or(0), first_count(json, {"total_tokens"})};
  if (!input && !output && !totals.all) return std::nullopt;
  if (totals.all == 0) totals.all.reset();
  if (!input && !output && totals.all) totals.input = *totals.all; // some embedding servers report nothing else
  model::Usage usage;
  usage.source = model::UsageSource::kProvider;
  read_input(usage, json, totals);
  read_output(usage, json, totals);
  if (const auto searches = first_count(json, {"num_search_queries"})) usage[Meter::kWebSearch] = *searches;
  if (const auto sources = first_count(json, {"num_sources_used"}); sources.value_or(0) > 0) {
    usage.other.emplace_back("sources", *sources);
  }
  return usage;
}

} // namespace kairos::providers
