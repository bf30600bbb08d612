#include "tokens/pre_tokenizer.h"

#include <algorithm>

#include "tokens/unicode.h"

namespace kairos::tokens {
namespace {

constexpr size_t kNoMatch = 0;

constexpr bool is_letter(CharClass c) {
  return c == CharClass::kUpper || c == CharClass::kLower || c == CharClass::kOtherLetter;
}
constexpr bool is_space(CharClass c) { return c == CharClass::kSpace || c == CharClass::kNewline; }
/// [^\s\p{L}\p{N}]
constexpr bool is_symbol(CharClass c) { return c == CharClass::kOther || c == CharClass::kMark; }
/// [^\r\n\p{L}\p{N}], the one character that a word may begin with
constexpr bool is_prefix(CharClass c) { return is_symbol(c) || c == CharClass::kSpace; }
/// [\p{Lm}\p{Lo}\p{M}]: in both halves of a word
constexpr bool is_both(CharClass c) { return c == CharClass::kOtherLetter || c == CharClass::kMark; }
constexpr bool is_head(CharClass c) { return c == CharClass::kUpper || is_both(c); }
constexpr bool is_tail(CharClass c) { return c == CharClass::kLower || is_both(c); }

template <class Predicate>
size_t skip(std::string_view text, size_t at, Predicate wanted) {
  for (Char c = char_at(text, at); c.bytes != 0 && wanted(c.char_class); c = char_at(text, at)) at += c.bytes;
  return at;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// (?i:'s|'t|'re|'ve|'m|'ll|'d) at `at`; case folding makes U+017F (long s) an s. Its end, or `at`.
size_t contraction(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(std::min(at, text.size()));
  if (rest.size() < 2 || rest[0] != '\'') return at;
  const char first = lower(rest[1]);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if (rest.size() < 3) return at;
  if (rest[1] == '\xC5' && rest[2] == '\xBF') return at + 3;
  const char second = lower(rest[2]);
  const bool matches =
      (first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l');
  return matches ? at + 3 : at;
}

/// Head* Tail+ or else Head+ Tail*, without prefix or contraction. The two alternatives have one order over all
/// prefixes, so the caller says which one it wants.
struct Word {
  size_t with_tail = kNoMatch; // end of Head* Tail+
  size_t head_only = kNoMatch; // end of Head+ (a Tail would have made with_tail match)
};
Word word_at(std::string_view text, size_t begin) {
  size_t at = begin;
  size_t after_both = kNoMatch; // where Head* gives one character back to Tail+
  for (Char c = char_at(text, at); c.bytes != 0 && is_head(c.char_class); c = char_at(text, at)) {
    at += c.bytes;
    if (is_both(c.char_class)) after_both = at;
  }
  const size_t tail = skip(text, at, is_tail);
  Word word;
  word.with_tail = tail > at ? tail : after_both;
  if (at > begin) word.head_only = at;
  return word;
}

/// The first two alternatives of o200k_base.
size_t o200k_word(std::string_view text, size_t at, Char first) {
  Word prefixed;
  if (is_prefix(first.char_class)) prefixed = word_at(text, at + first.bytes);
  if (prefixed.with_tail != kNoMatch) return contraction(text, prefixed.with_tail);
  Word bare;
  if (is_letter(first.char_class) || is_both(first.char_class)) bare = word_at(text, at);
  if (bare.with_tail != kNoMatch) return contraction(text, bare.with_tail);
  if (prefixed.head_only != kNoMatch) return contraction(text, prefixed.head_only);
  if (bare.head_only != kNoMatch) return contraction(text, bare.head_only);
  return kNoMatch;
}

/// The first two alternatives of cl100k_base.
size_t cl100k_word(std::string_view text, size_t at, Char first) {
  if (const size_t end = contraction(text, at); end > at) return end;
  if (!is_prefix(first.char_class)) return is_letter(first.char_class) ? skip(text, at, is_letter) : kNoMatch;
  const size_t word = at + first.bytes;
  const size_t end = skip(text, word, is_letter);
  return end > word ? end : kNoMatch;
}

/// \p{N}{1,3}
size_t number(std::string_view text, size_t at) {
  for (int digits = 0; digits < 3; ++digits) {
    const Char c = char_at(text, at);
    if (c.char_class != CharClass::kNumber) break;
    at += c.bytes;
  }
  return at;
}

/// " ?[^\s\p{L}\p{N}]+" and then newlines, in o200k_base slashes too.
size_t symbols(EncodingName name, std::string_view text, size_t at) {
  const size_t begin = text[at] == ' ' ? at + 1 : at;
  size_t end = skip(text, begin, is_symbol);
  if (end == begin) return kNoMatch;
  while (end < text.size() &&
         (text[end] == '\r' || text[end] == '\n' || (name == EncodingName::kO200k && text[end] == '/')))
    ++end;
  return end;
}

/// The alternatives for white space. Of a run: up to its last newline; all of it at the end of the text; all but the
/// last character, which goes with the next word. Only cl100k_base looks for the end of the text first.
size_t spaces(EncodingName name, std::string_view text, size_t at) {
  size_t end = at;
  size_t after_newline = kNoMatch;
  size_t last = at;
  for (Char c = char_at(text, end); c.bytes != 0 && is_space(c.char_class); c = char_at(text, end)) {
    last = end;
    end += c.bytes;
    if (c.char_class == CharClass::kNewline) after_newline = end;
  }
  if (name == EncodingName::kCl100k && end == text.size()) return end;
  if (after_newline != kNoMatch) return after_newline;
  return end == text.size() || last == at ? end : last;
}

} // namespace

size_t piece_end(EncodingName name, std::string_view text, size_t at) {
  const Char first = char_at(text, at);
  const size_t word = name == EncodingName::kO200k ? o200k_word(text, at, first) : cl100k_word(text, at, first);
  if (word != kNoMatch) return word;
  if (first.char_class == CharClass::kNumber) return number(text, at);
  if (const size_t end = symbols(name, text, at); end != kNoMatch) return end;
  return spaces(name, text, at);
}

} // namespace kairos::tokens
