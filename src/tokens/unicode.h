// Characters as the pre-tokenizers see them: the classes their published patterns tell apart, and a UTF-8 decoder that
// takes any bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace kairos::tokens {

enum class CharClass : std::uint8_t {
  kOther,       // symbols, punctuation, controls, unassigned, and each byte that is not UTF-8
  kUpper,       // Lu, Lt
  kLower,       // Ll
  kOtherLetter, // Lm, Lo
  kMark,        // M
  kNumber,      // N
  kSpace,       // White_Space, but for
  kNewline,     // CR and LF
};

struct Char {
  CharClass char_class = CharClass::kOther;
  std::uint8_t bytes = 0; // 0: the end of the text
  bool valid = true;      // false: one byte that is not part of well-formed UTF-8
};

/// The character that begins at `at`; bytes = 0 if at >= text.size().
Char char_at(std::string_view text, size_t at);

} // namespace kairos::tokens
