// The pre-tokenizers of o200k_base and cl100k_base: cut a text into the pieces that byte-pair encoding then works on,
// exactly where the regular expressions published with tiktoken (pat_str) do. Linear in the length of the text.
#pragma once

#include <string_view>

#include "tokens/encoding.h"

namespace kairos::tokens {

/// End of the piece that begins at `at` (at < text.size()); always > at.
size_t piece_end(EncodingName name, std::string_view text, size_t at);

} // namespace kairos::tokens
