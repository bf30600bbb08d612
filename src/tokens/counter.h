// How many tokens a text is for one model: a best guess for choosing, bounds for reserving.
//
//                 OpenAI models (encoding known)              all others (tokenizer not published, or not carried)
//   expected      estimate x learnt factor                    the same
//   upper_bound   exact count; pieces over 4 KiB by bytes     min(byte_bound, estimate x factor x margin): likely only
//   worst_case    the same as upper_bound                     byte_bound: a guarantee for every tokenizer that works on
//                                                             bytes or falls back to bytes
//
// A hard cap reserves worst_case plus framing_bound, which is what a provider adds around the texts (roles,
// separators). What the guarantee leaves out: a server that puts words of its own before the prompt, and tokenizers
// that normalise text into more of it (NFKC of ligatures); providers that do are known by their usage, and FactorTable
// shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tokens/encoding.h"
#include "tokens/factor_table.h"

namespace kairos::tokens {

/// The encoding of a model, as published by OpenAI; nullopt if there is none that we carry. Only names of the providers
/// "openai" and "azure" (also "azure-openai", "azure_openai") or with the prefix "openai/" are taken for OpenAI's.
/// "ft:gpt-4o:…" and dated names are understood.
std::optional<EncodingName> encoding_of(std::string_view provider, std::string_view model);

/// At least the tokens of `text` in any tokenizer that works on bytes or falls back to them (byte-level BPE,
/// SentencePiece): its bytes (one that is not UTF-8 counts three, as does the U+FFFD that servers put in its place) and
/// one for a leading marker. An empty text is 0. Linear, fast (no decoding of ASCII).
std::int64_t byte_bound(std::string_view text);

/// Tokens that a chat provider adds around `messages` messages and before the answer: a bound, not an estimate. OpenAI
/// documents 3 a message, 1 for a name and 3 for the answer; 8 and 16 leave room for other templates.
constexpr std::int64_t framing_bound(std::int64_t messages) { return 8 * messages + 16; }

/// One model's tokenizer; cheap to make per request, a plain value.
class Counter {
public:
  Counter(const FactorTable& factors, std::string_view provider, std::string_view model);

  /// A few µs per KiB; never runs the exact encoding.
  std::int64_t expected(std::string_view text) const;
  /// The same for a caller that has estimated already (the estimate does not depend on the model).
  std::int64_t expected_of(std::int64_t estimated) const;
  std::int64_t upper_bound(std::string_view text) const;
  /// Exact encodings run at about 20 MB/s: take more than a few hundred KiB off a thread that must not wait, or use
  /// byte_bound.
  std::int64_t worst_case(std::string_view text) const;
  /// True: upper_bound is a guarantee, not only likely.
  bool exact() const { return encoding_.has_value(); }

private:
  std::optional<EncodingName> encoding_;
  Factor factor_;
};

} // namespace kairos::tokens
