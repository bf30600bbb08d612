// What an operator wants done with prompts and answers beyond choosing a model: the privacy filter, prompt rewriting,
// the response cache. Meaning: docs/privacy.md, docs/rewriting.md, docs/caching.md. The work itself is in src/policy
// and src/gateway.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/category.h"

namespace kairos::config {

/// Kinds that the detector knows; their names are those of the receipt's privacy.detected.
enum class PrivateKind : std::uint8_t {
  kEmail,
  kPhone,
  kCard,
  kIban,
  kUsSsn,
  kUkNino,
  kDeTaxId,
  kFrNir,
  kEsDni,
  kItCodiceFiscale,
  kChAhv,
  kApiKey,
  kPrivateKey,
  kJwt,
  kSecret,
};
inline constexpr std::array<std::string_view, 15> kPrivateKindNames = {
    "email",   "phone",     "card",        "iban",   "us_ssn",
    "uk_nino", "de_tax_id", "fr_nir",      "es_dni", "it_codice_fiscale",
    "ch_ahv",  "api_key",   "private_key", "jwt",    "secret"};
inline constexpr size_t kPrivateKindCount = kPrivateKindNames.size();
constexpr std::string_view name(PrivateKind v) { return kPrivateKindNames[static_cast<size_t>(v)]; }

using PrivateKinds = std::uint32_t; // bit 1 << PrivateKind
inline constexpr PrivateKinds kAllPrivateKinds = (PrivateKinds{1} << kPrivateKindCount) - 1;
constexpr PrivateKinds bit(PrivateKind v) { return PrivateKinds{1} << static_cast<unsigned>(v); }

/// What happens to a request in whose prompt something was detected.
enum class PrivacyAction : std::uint8_t {
  kReport, // it is counted on the receipt
  kNarrow, // and only providers that keep `narrow_to` are considered
  kRedact, // and it is replaced by placeholders before anybody else gets to see the prompt
  kRefuse, // and the request is refused
};
inline constexpr std::array<std::string_view, 4> kPrivacyActionNames = {"report", "narrow", "redact", "refuse"};
constexpr std::string_view name(PrivacyAction v) { return kPrivacyActionNames[static_cast<size_t>(v)]; }

struct PrivacyFilter {
  PrivateKinds detect = 0; // 0: the detector is off
  PrivacyAction action = PrivacyAction::kReport;
  bool narrow_to_zdr = true; // of kNarrow: zero retention, else only no training
};

/// One rule of prompt rewriting. Empty lists match everything. What it does is done in the order of the members.
struct RewriteRule {
  struct Replacement {
    std::string find; // plain bytes, not empty
    std::string with;
  };
  std::string id;
  std::vector<model::Category> categories;
  std::vector<std::string> models; // ids; a trailing '*' matches any rest
  std::vector<std::string> tenants;
  bool collapse_whitespace = false; // runs of blanks and of empty lines, outside code fences
  bool drop_duplicates = false;     // long paragraphs of user messages that stood there before, word for word
  std::vector<Replacement> replace; // in all messages and the system prompt; removal: with nothing
  std::string system_start;         // put before and behind the system prompt
  std::string system_end;
  std::string user_start; // before and behind the text of the last user message
  std::string user_end;
};

enum class CacheMode : std::uint8_t { kOff, kExact, kSemantic };
inline constexpr std::array<std::string_view, 3> kCacheModeNames = {"off", "exact", "semantic"};
constexpr std::string_view name(CacheMode v) { return kCacheModeNames[static_cast<size_t>(v)]; }

struct SemanticCache {
  std::string provider;                     // of `providers`
  std::string model;                        // an embedding model there
  double threshold = 0.95;                  // least cosine similarity of two prompts that may share an answer
  std::int64_t max_prompt_bytes = 8 * 1024; // longer prompts are not looked up
};

/// The response cache lives in the memory of the process. `mode` is what tenants get that say nothing.
struct Cache {
  CacheMode mode = CacheMode::kOff;
  Duration ttl = std::chrono::hours(1);
  std::int64_t max_bytes = 64 * 1024 * 1024;
  std::int64_t max_entries = 10'000;
  std::int64_t max_answer_bytes = 1024 * 1024; // longer answers are not kept
  bool any_temperature = false;                // also requests whose temperature is not 0
  std::optional<SemanticCache> semantic;
};

} // namespace kairos::config
