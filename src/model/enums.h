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

/// Why an attempt was made. kLookup: an embedding of the prompt, to find an answer in the cache.
enum class AttemptReason : std::uint8_t { kFirst, kRetry, kFallback, kHedge, kLookup };
inline constexpr std::array<std::string_view, 5> kAttemptReasonNames = {"first", "retry", "fallback", "hedge",
                                                                        "lookup"};

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
constexpr std::string_view name(Filter v) { return kFilterNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(CostBasis v) { return kCostBasisNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(OnExceed v) { return kOnExceedNames[static_cast<size_t>(v)]; }
constexpr std::string_view name(ContentPolicy v) { return kContentPolicyNames[static_cast<size_t>(v)]; }

} // namespace kairos::model
