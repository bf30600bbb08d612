// How many tokens a text can be for one model at most: bounds for reserving. (For choosing: estimate.h,
// learnt_factor.h.)
//
// A hard cap reserves one of these bounds plus framing_bound, which is what a provider adds around the texts (roles,
// separators). What the guarantee leaves out: a server that puts words of its own before the prompt, and tokenizers
// that normalise text into more of it (NFKC of ligatures); providers that do are known by their usage, and the learnt
// factor shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tokens/encoding.h"

namespace kairos::tokens {

/// The encoding of a model, as published by OpenAI; nullopt if there is none that we carry. Only names of the providers
/// "openai" and "azure" (also "azure-openai", "azure_openai") or with the prefix "openai/" are taken for OpenAI's.
/// "ft:gpt-4o:…" and dated names are understood.
std::optional<EncodingName> encoding_of(std::string_view provider, std::string_view model);

/// At least the tokens of `text` in any tokenizer that works on bytes or falls back to them (byte-level BPE,
/// SentencePiece): its bytes (one that is not UTF-8 counts three, as does the U+FFFD that servers put in its place) and
/// one for a leading marker. An empty text is 0. Linear, fast (no decoding of ASCII).
std::int64_t byte_bound(std::string_view text);

/// The tokens of `text` in a known encoding: exact, but for pieces over 4 KiB, which count one per byte. About 20 MB/s:
/// take more than some hundred KiB off a thread that must not wait, or use byte_bound.
std::int64_t exact_bound(EncodingName encoding, std::string_view text);

/// Tokens that a chat provider adds around `messages` messages and before the answer: a bound, not an estimate. OpenAI
/// documents 3 a message, 1 for a name and 3 for the answer; 8 and 16 leave room for other templates.
constexpr std::int64_t framing_bound(std::int64_t messages) { return 8 * messages + 16; }

} // namespace kairos::tokens
