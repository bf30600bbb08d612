#include "tokens/unicode.h"

#include <array>
#include <vector>

namespace kairos::tokens {
namespace {

constexpr std::uint32_t kEntries[] = {
#include "tokens/unicode_ranges.inc"
};
constexpr std::uint32_t kCodePoints = 0x110000;
constexpr std::uint32_t kBlock = 256;

/// Two stages: block of 256 code points → its classes; equal blocks are kept once.
struct ClassTable {
  std::array<std::uint16_t, kCodePoints / kBlock> block{};
  std::vector<std::array<CharClass, kBlock>> classes;

  ClassTable() {
    size_t entry = 0;
    std::array<CharClass, kBlock> current{};
    for (std::uint32_t point = 0; point < kCodePoints; ++point) {
      while (entry + 1 < std::size(kEntries) && (kEntries[entry + 1] >> 3) <= point) ++entry;
      current[point % kBlock] = static_cast<CharClass>(kEntries[entry] & 7);
      if (point % kBlock == kBlock - 1) block[point / kBlock] = index_of(current);
    }
  }
  CharClass find(std::uint32_t point) const { return classes[block[point / kBlock]][point % kBlock]; }

private:
  std::uint16_t index_of(const std::array<CharClass, kBlock>& wanted) {
    size_t index = 0;
    while (index < classes.size() && classes[index] != wanted) ++index;
    if (index == classes.size()) classes.push_back(wanted);
    return static_cast<std::uint16_t>(index);
  }
};

constexpr std::array<CharClass, 128> ascii_classes() {
  std::array<CharClass, 128> classes{};
  for (size_t c = 'A'; c <= 'Z'; ++c) classes[c] = CharClass::kUpper;
  for (size_t c = 'a'; c <= 'z'; ++c) classes[c] = CharClass::kLower;
  for (size_t c = '0'; c <= '9'; ++c) classes[c] = CharClass::kNumber;
  for (const size_t c : {size_t{'\t'}, size_t{'\v'}, size_t{'\f'}, size_t{' '}}) classes[c] = CharClass::kSpace;
  for (const size_t c : {size_t{'\r'}, size_t{'\n'}}) classes[c] = CharClass::kNewline;
  return classes;
}
constexpr std::array<CharClass, 128> kAscii = ascii_classes();

CharClass class_of(std::uint32_t point) {
  static const ClassTable table;
  return table.find(point);
}

constexpr Char kNotUtf8{CharClass::kOther, 1, false};

/// The lead byte says how many bytes follow and what the smallest code point of that length is.
Char decode_long(std::string_view text, size_t at, std::uint8_t lead) {
  const std::uint8_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < bytes) return kNotUtf8;
  std::uint32_t point = lead & (0xFFU >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[at + i]);
    if ((byte & 0xC0) != 0x80) return kNotUtf8;
    point = point << 6 | (byte & 0x3F);
  }
  constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  if (point < smallest[bytes] || point >= kCodePoints || (point >= 0xD800 && point < 0xE000)) return kNotUtf8;
  return {class_of(point), bytes, true};
}

} // namespace

Char char_at(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  const auto lead = static_cast<std::uint8_t>(text[at]);
  if (lead < 0x80) return {kAscii[lead], 1, true};
  return decode_long(text, at, lead);
}

} // namespace kairos::tokens
