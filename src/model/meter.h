// What can be metered and priced. The set is open: a class a provider invents is carried under its own name in
// Usage::other and priced `unknown`, never dropped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kairos::model {

/// Disjoint classes: no token is in two of them. Names in receipts: meter_name().
enum class Meter : std::uint8_t {
  kInput,        // uncached text input
  kCacheRead,    // input served from the provider's prompt cache
  kCacheWrite,   // input written to it for 5 minutes, or of unstated lifetime
  kCacheWrite1h, // … for one hour
  kOutput,       // visible output, without reasoning
  kReasoning,    // output that is not shown
  kInputAudio,
  kCacheReadAudio,
  kOutputAudio,
  kInputImage,
  kCacheReadImage,
  kOutputImage,
  kRequest,     // fees per request …
  kImage,       // … per image
  kWebSearch,   // … per web search call
  kCodeSession, // … per code-interpreter session
};
inline constexpr size_t kMeterCount = 16;
inline constexpr std::array<std::string_view, kMeterCount> kMeterNames = {"input_tokens",
                                                                          "cache_read_tokens",
                                                                          "cache_write_tokens",
                                                                          "cache_write_1h_tokens",
                                                                          "output_tokens",
                                                                          "reasoning_tokens",
                                                                          "input_audio_tokens",
                                                                          "cache_read_audio_tokens",
                                                                          "output_audio_tokens",
                                                                          "input_image_tokens",
                                                                          "cache_read_image_tokens",
                                                                          "output_image_tokens",
                                                                          "requests",
                                                                          "images",
                                                                          "web_searches",
                                                                          "code_sessions"};

constexpr std::string_view meter_name(Meter meter) { return kMeterNames[static_cast<size_t>(meter)]; }
std::optional<Meter> parse_meter(std::string_view name);
constexpr bool is_token_meter(Meter meter) { return meter < Meter::kRequest; }
constexpr bool is_input_meter(Meter meter) {
  return meter <= Meter::kCacheWrite1h || meter == Meter::kInputAudio || meter == Meter::kCacheReadAudio ||
         meter == Meter::kInputImage || meter == Meter::kCacheReadImage;
}

/// Where the quantities come from.
enum class UsageSource : std::uint8_t { kProvider, kCounted, kEstimated, kUnknown };

/// Quantities of one attempt, or the sum over a receipt's attempts.
struct Usage {
  std::array<std::int64_t, kMeterCount> quantities{};
  std::vector<std::pair<std::string, std::int64_t>> other; // classes without a Meter, by the provider's name
  UsageSource source = UsageSource::kUnknown;
  bool inconsistent = false; // the provider's classes contradict its totals; the flag is kept, nothing goes negative

  std::int64_t& operator[](Meter meter) { return quantities[static_cast<size_t>(meter)]; }
  std::int64_t operator[](Meter meter) const { return quantities[static_cast<size_t>(meter)]; }
  /// All input classes together (cached ones included): what the context tier of a price looks at.
  std::int64_t input_total() const;
  /// All output token classes together, reasoning included.
  std::int64_t output_total() const;
  void add(const Usage& more); // the source becomes the less certain of the two
  bool operator==(const Usage&) const = default;
};

} // namespace kairos::model
