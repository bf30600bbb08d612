// How many tokens a text is for one model: a best guess for choosing, bounds for reserving.
//
//                   OpenAI models (encoding known)           all others (tokenizer not published, or not carried)
//   expected        exact count, or the estimate             estimate x learnt factor
//   upper_bound     exact count, pieces over 4 KiB by bytes   min(worst_case, estimate x factor x margin): no guarantee
//   worst_case      = upper_bound                            bytes + 1: a guarantee for any tokenizer that works on bytes
//                                                            or falls back to bytes (byte-level BPE, SentencePiece)
//
// A hard cap reserves worst_case. What a provider adds around the texts (roles, separators) is framing_bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tokens/encoding.h"
#include "tokens/factor_table.h"

namespace kairos::tokens {

/// The encoding of a model, as published by OpenAI; nullopt if it has none that we carry. "openai/gpt-4o" and
/// "ft:gpt-4o:…" are understood. `provider` decides nothing but whether the name may be trusted to be OpenAI's.
std::optional<EncodingName> encoding_of(std::string_view provider, std::string_view model);

/// At least the number of tokens of `text` in any byte-level tokenizer: its bytes (a byte that is not UTF-8 counts three,
/// as U+FFFD does, which servers put in its place) and one for a leading marker. An empty text is 0.
std::int64_t byte_bound(std::string_view text);

/// Tokens a chat provider adds around `messages` messages and the answer's start: a bound, not an estimate. Of OpenAI's
/// published count (3 each, 1 for a name, 3 for the answer) with room for other templates: 8 each and 16.
std::int64_t framing_bound(std::int64_t messages);

/// A view of one model's tokenizer; cheap to make per request. `factors` must outlive it.
class Counter {
public:
  Counter(const FactorTable& factors, std::string_view provider, std::string_view model);

  std::int64_t expected(std::string_view text) const;
  std::int64_t upper_bound(std::string_view text) const;
  std::int64_t worst_case(std::string_view text) const;
  /// True: upper_bound is a guarantee, not only likely.
  bool exact() const { return encoding_.has_value(); }

private:
  std::optional<EncodingName> encoding_;
  Factor factor_;
};

} // namespace kairos::tokens
