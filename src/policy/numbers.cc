// Numbers with groups: payment cards, phone numbers.
#include <algorithm>
#include <array>

#include "policy/shapes.h"

namespace kairos::policy {
namespace {

constexpr bool is_separator(char c) { return c == ' ' || c == '-' || c == '.' || c == '/'; }

/// The number that the first `many` digits make.
int leading(const Digits& digits, size_t many) {
  int value = 0;
  for (size_t i = 0; i < many; ++i) value = value * 10 + (digits.digit[i] - '0');
  return value;
}

/// ISO/IEC 7812-1, annex B.
bool luhn(const Digits& digits, size_t count) {
  int sum = 0;
  for (size_t i = 0; i < count; ++i) {
    int value = digits.digit[count - 1 - i] - '0';
    if (i % 2 == 1) value = value > 4 ? 2 * value - 9 : 2 * value;
    sum += value;
  }
  return sum % 10 == 0;
}

/// Leading digits and lengths as the schemes publish them.
bool is_issued(const Digits& d, size_t count) {
  const int two = leading(d, 2);
  const int three = leading(d, 3);
  const int four = leading(d, 4);
  if (d.digit[0] == '4') return count == 13 || count == 16 || count == 19;                       // Visa
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return count == 16;            // Mastercard
  if (two == 34 || two == 37) return count == 15;                                                // Amex
  if ((three >= 300 && three <= 305) || two == 36 || two == 38 || two == 39) return count == 14; // Diners
  if (four >= 3528 && four <= 3589) return count >= 16;                                          // JCB
  if (four == 6011 || (three >= 644 && three <= 649) || two == 65 || two == 62)
    return count >= 16;                                                                    // Discover, UnionPay
  if (two == 50 || (two >= 56 && two <= 58) || two == 63 || two == 67) return count >= 16; // Maestro
  return false;
}

/// Written without groups, in fours, or as 4-6-5 and 4-6-4 are on the card. One kind of separator.
bool is_card_grouping(const Digits& d, size_t groups) {
  if (groups == 1) return true;
  for (size_t i = 0; i + 1 < groups; ++i) {
    if ((d.separator[i] != ' ' && d.separator[i] != '-') || d.separator[i] != d.separator[0]) return false;
  }
  const auto size = [&](size_t i) { return i == 0 ? d.group_end[0] : d.group_end[i] - d.group_end[i - 1]; };
  if (groups == 3) return size(0) == 4 && size(1) == 6 && (size(2) == 5 || size(2) == 4);
  if (groups < 4) return false;
  for (size_t i = 0; i + 1 < groups; ++i) {
    if (size(i) != 4) return false;
  }
  return size(groups - 1) <= 4;
}

} // namespace

Digits Digits::first(size_t many) const {
  Digits part = *this;
  if (many >= groups) return part;
  part.groups = many;
  part.count = group_end[many - 1];
  part.separator[many - 1] = '\0';
  part.too_many = false;
  return part;
}

Digits read_digits(std::string_view text, size_t at, std::uint64_t& steps) {
  Digits d;
  size_t i = at;
  while (i < text.size()) {
    if (is_digit(text[i])) {
      if (d.count == Digits::kMost) break;
      d.digit[d.count++] = text[i++];
      continue;
    }
    d.group_end[d.groups] = static_cast<std::uint8_t>(d.count);
    d.end_of_group[d.groups] = i;
    const bool goes_on =
        is_separator(text[i]) && i + 1 < text.size() && is_digit(text[i + 1]) && d.count < Digits::kMost;
    d.separator[d.groups++] = goes_on ? text[i] : '\0';
    if (!goes_on) break;
    ++i;
  }
  steps += i - at + 1;
  d.too_many = i < text.size() && is_digit(text[i]);
  if (d.groups == 0 || d.group_end[d.groups - 1] != d.count) { // ended inside a group
    d.group_end[d.groups] = static_cast<std::uint8_t>(d.count);
    d.end_of_group[d.groups] = i;
    d.separator[d.groups++] = '\0';
  }
  return d;
}

bool ends_well(std::string_view text, size_t at) {
  if (at >= text.size()) return true;
  if (is_word(text[at])) return false;
  const char next = at + 1 < text.size() ? text[at + 1] : ' ';
  if (text[at] == '-') return !is_word(next);
  return !((text[at] == '.' || text[at] == ',') && is_digit(next));
}

size_t card_end(std::string_view text, const Digits& d) {
  for (size_t groups = d.groups; groups > 0; --groups) {
    const size_t count = d.group_end[groups - 1];
    if (count < 13) return kNo;
    const bool cut = groups == d.groups && d.too_many;
    if (count <= 19 && !cut && is_card_grouping(d, groups) && is_issued(d, count) && luhn(d, count) &&
        ends_well(text, d.end_of_group[groups - 1]))
      return d.end_of_group[groups - 1];
  }
  return kNo;
}

/// North America: 212-555-0123, 212.555.0123, (212) 555-0123. Elsewhere: a leading 0 and groups, 9 to 12 digits, such
/// as 030 1234567, 0171/1234567, 06 12 34 56 78.
size_t phone_end(std::string_view text, size_t at, const Digits& d) {
  const size_t end = d.end_of_group[d.groups - 1];
  const bool bracketed = at > 0 && text[at - 1] == '(' && d.groups == 1 && d.count == 3 && d.digit[0] >= '2';
  if (bracketed) { // ") 555-0123" behind it
    size_t i = end;
    if (i >= text.size() || text[i] != ')') return kNo;
    ++i;
    if (i < text.size() && text[i] == ' ') ++i;
    std::uint64_t ignored = 0;
    const Digits rest = read_digits(text, i, ignored);
    const bool fits = rest.groups == 2 && rest.group_end[0] == 3 && rest.count == 7 && !rest.too_many;
    return fits && ends_well(text, rest.end_of_group[1]) ? rest.end_of_group[1] : kNo;
  }
  if (d.too_many || d.groups < 2 || !ends_well(text, end)) return kNo;
  const bool one_separator =
      std::all_of(d.separator + 1, d.separator + d.groups - 1, [&](char c) { return c == d.separator[1]; }) &&
      (d.groups == 2 || d.separator[0] == d.separator[1] || d.separator[0] == '/');
  if (!one_separator) return kNo;
  if (d.groups == 3 && d.count == 10 && d.group_end[0] == 3 && d.group_end[1] == 6 && d.separator[0] != '/')
    return d.digit[0] >= '2' && d.digit[3] >= '2' ? end : kNo;
  const bool trunk = d.digit[0] == '0' && d.digit[1] != '0' && d.group_end[0] >= 2 && d.separator[0] != '.';
  return trunk && d.count >= 9 && d.count <= 12 ? end : kNo;
}

namespace {

bool card_begins(std::string_view text, size_t at, std::uint64_t& steps) {
  return at < text.size() && is_digit(text[at]) && card_end(text, read_digits(text, at, steps)) != kNo;
}

} // namespace

/// ITU-T E.164: a plus sign, a country code, at most 15 digits; here at least 8. Where more numbers follow it, it ends
/// with a group of its own.
size_t international_phone_end(std::string_view text, size_t at, std::uint64_t& steps) {
  size_t digits = 0;
  size_t end = kNo;
  bool after_digit = false; // a separator may follow
  bool bracket = false;
  size_t i = at + 1;
  if (i >= text.size() || text[i] < '1' || text[i] > '9') return ++steps, kNo;
  for (; i < text.size() && i < at + 32 && digits <= 15; ++i) {
    const char c = text[i];
    const bool closes = c == ')' && bracket;
    if (is_digit(c)) {
      ++digits;
      after_digit = true;
      if (digits >= 8 && digits <= 15 && ends_well(text, i + 1) && (i + 1 >= text.size() || !is_digit(text[i + 1])))
        end = i + 1;
    } else if (c == '(' && !bracket) {
      bracket = true;
      after_digit = false;
    } else if (closes || (is_separator(c) && after_digit)) {
      if (end != kNo && card_begins(text, i + 1, steps)) break;
      after_digit = closes;
    } else {
      break;
    }
  }
  steps += i - at;
  return end;
}

} // namespace kairos::policy
