// The closed vocabularies of the receipt, with their exact names on the wire. `name(x)` writes, `parse(text, x)` reads.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kairos::model {

/// Wire languages KairosRoute speaks, to clients and to providers.
enum class Dialect : std::uint8_t { kOpenAi, kAnthropic, kGemini, kBedrock };
inline constexpr std::array<std::string_view, 4> kDialectNames = {"openai", "anthropic", "gemini", "bedrock"};

enum class Endpoint : std::uint8_t { kChatCompletions, kResponses, kEmbeddings, kCompletions, kMessages };
inline constexpr std::array<std::string_view, 5> kEndpointNames = {"chat_completions", "responses", "embeddings",
                                                                   "completions", "messages"};

/// How a request ended.
enum class Status : std::uint8_t { kSuccess, kError, kRefused, kCancelled, kInterrupted };
inline constexpr std::array<std::string_view, 5> kStatusNames = {"success", "error", "refused", "cancelled",
                                                                 "interrupted"};

/// Who ended it.
enum class EndedBy : std::uint8_t { kProvider, kClient, kCap, kTimeout, kCrash, kRouter };
inline constexpr std::array<std::string_view, 6> kEndedByNames = {"provider", "client", "cap",
                                                                  "timeout",  "crash",  "router"};

/// Why an attempt was made.
enum class AttemptReason : std::uint8_t {
  kFirst,
  kRetry,      // the same target again
  kFallback,   // another one, since the one before failed
  kHedge,      // another one, since the one before had not begun to answer in its usual time
  kLookup,     // an embedding of the prompt, to find an answer in the cache
  kEscalation, // another one, since the answer before did not pass a cascade's checks
};
inline constexpr std::array<std::string_view, 6> kAttemptReasonNames = {"first", "retry",  "fallback",
                                                                        "hedge", "lookup", "escalation"};

/// Filters in the documented order in which they are applied (docs/routing.md).
enum class Filter : std::uint8_t {
  kCapability,
  kContextLength,
  kTenantPolicy,
  kPrivacy,
  kRegion,
  kHealth,
  kQuality,
  kBudget,
};
inline constexpr std::array<std::string_view, 8> kFilterNames = {
    "capability", "context_length", "tenant_policy", "privacy", "region", "health", "quality", "budget"};

/// Where a cost comes from: metered by the provider, counted by us, or the reservation of an interrupted request.
enum class CostBasis : std::uint8_t { kMetered, kCounted, kReservation };
inline constexpr std::array<std::string_view, 3> kCostBasisNames = {"metered", "counted", "reservation"};

inline constexpr std::array<std::string_view, 4> kUsageSourceNames = {"provider", "counted", "estimated", "unknown"};

/// What happens when a request would pass a cap.
enum class OnExceed : std::uint8_t { kRefuse, kDowngrade, kClamp };
inline constexpr std::array<std::string_view, 3> kOnExceedNames = {"refuse", "downgrade", "clamp"};

/// What is kept of prompts and answers.
enum class ContentPolicy : std::uint8_t { kNone, kRedacted, kFull };
inline constexpr std::array<std::string_view, 3> kContentPolicyNames = {"none", "redacted", "full"};

/// How a model's weights are stored where it runs. What is not stated is kUnknown.
enum class Quantization : std::uint8_t { kUnknown, kInt4, kInt8, kFp4, kFp6, kFp8, kFp16, kBf16, kFp32 };
inline constexpr std::array<std::string_view, 9> kQuantizationNames = {"unknown", "int4", "int8", "fp4", "fp6",
                                                                       "fp8",     "fp16", "bf16", "fp32"};
/// Those that are accepted, a bit each; 0: all.
using Quantizations = std::uint16_t;
constexpr Quantizations bit(Quantization v) { return static_cast<Quantizations>(1u << static_cast<unsigned>(v)); }

/// True and `into` set if `text` is one of `names`.
template <class E, size_t N>
constexpr bool parse_name(const std::array<std::string_view, N>& names, std::string_view text, E& into) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == text) {
      into = static_cast<E>(i);
      return true;
    }
  }
  return false;
}

constexpr std::string_view name(Dialect v) { return kDialectNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(Endpoint v) { return kEndpointNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(Status v) { return kStatusNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(EndedBy v) { return kEndedByNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(AttemptReason v) { return kAttemptReasonNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(Quantization v) { return kQuantizationNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(Filter v) { return kFilterNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(CostBasis v) { return kCostBasisNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(OnExceed v) { return kOnExceedNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(ContentPolicy v) { return kContentPolicyNames[static_cast<size_t>(v)]; }

} // namespace kairos::model
