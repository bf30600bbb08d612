// National identity, tax and insurance numbers, and IBANs. The rules are those that the issuers publish;
// docs/privacy.md names them.
#include <algorithm>
#include <array>

#include "policy/shapes.h"

namespace kairos::policy {
namespace {

int number(const char* digits, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; ++i) value = value * 10 + (digits[i] - '0');
  return value;
}

/// The groups are exactly of these sizes, with one kind of separator; or there is one group.
bool grouped(const Digits& d, std::initializer_list<int> sizes, std::string_view separators) {
  if (d.too_many) return false;
  if (d.groups == 1) return true;
  if (d.groups != sizes.size() || separators.find(d.separator[0]) == separators.npos) return false;
  int end = 0;
  size_t i = 0;
  for (const int size : sizes) {
    end += size;
    if (d.group_end[i] != end || (i + 1 < d.groups && d.separator[i] != d.separator[0])) return false;
    ++i;
  }
  return true;
}

size_t whole_end(std::string_view text, const Digits& d) {
  const size_t end = d.end_of_group[d.groups - 1];
  return ends_well(text, end) ? end : kNo;
}

/// Characters of an id that may be written with single separators; false: `count` of them do not come.
template <size_t N>
bool take(std::string_view text, size_t at, std::string_view separators, std::array<char, N>& into, size_t& end,
          std::uint64_t& steps) {
  size_t count = 0;
  size_t i = at;
  bool separated = true;
  for (; i < text.size() && count < N; ++i) {
    if (is_alnum(text[i])) {
      into[count++] = upper(text[i]);
      separated = false;
    } else if (!separated && separators.find(text[i]) != separators.npos) {
      separated = true;
    } else {
      break;
    }
  }
  steps += i - at + 1;
  end = i;
  return count == N && ends_well(text, i);
}

constexpr bool all_digits(const char* text, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
  }
  return true;
}

struct IbanLength {
  char country[3];
  std::uint8_t length;
};
/// SWIFT's IBAN registry.
constexpr std::array<IbanLength, 82> kIbanLengths = {
    {{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
     {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
     {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
     {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22},
     {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32},
     {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19},
     {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
     {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
     {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24},
     {"TR", 26}}};
constexpr std::array<IbanLength, 4> kMoreIbanLengths = {{{"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}}};

size_t iban_length(char a, char b) {
  const auto is_it = [&](const IbanLength& one) { return one.country[0] == a && one.country[1] == b; };
  if (const auto* one = std::ranges::find_if(kIbanLengths, is_it); one != kIbanLengths.end()) return one->length;
  const auto* one = std::ranges::find_if(kMoreIbanLengths, is_it);
  return one == kMoreIbanLengths.end() ? 0 : one->length;
}

} // namespace

/// Social Security Administration: 3-2-4 with separators; no area 000, 666 or from 900 on, no group 00, no serial 0000.
/// There is no check digit.
size_t us_ssn_end(std::string_view text, const Digits& d) {
  if (d.groups != 3 || d.count != 9 || !grouped(d, {3, 2, 4}, "- ")) return kNo;
  const int area = number(d.digit, 3);
  const bool issued =
      area != 0 && area != 666 && area < 900 && number(d.digit + 3, 2) != 0 && number(d.digit + 5, 4) != 0;
  return issued ? whole_end(text, d) : kNo;
}

/// Bundeszentralamt für Steuern: of the first ten digits one stands there twice or three times and the others at most
/// once; the eleventh is ISO 7064 MOD 11,10.
size_t de_tax_id_end(std::string_view text, const Digits& d) {
  if (d.count != 11 || d.digit[0] == '0' || !grouped(d, {2, 3, 3, 3}, " ")) return kNo;
  std::array<int, 10> seen{};
  int product = 10;
  for (size_t i = 0; i < 10; ++i) {
    const int value = d.digit[i] - '0';
    ++seen[static_cast<size_t>(value)];
    const int sum = (value + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  const auto repeated = std::ranges::count_if(seen, [](int count) { return count > 1; });
  const bool formed = repeated == 1 && std::ranges::max(seen) <= 3;
  return formed && (11 - product) % 10 == d.digit[10] - '0' ? whole_end(text, d) : kNo;
}

/// Zentrale Ausgleichsstelle: 756.XXXX.XXXX.XX, the last digit as in EAN-13.
size_t ch_ahv_end(std::string_view text, const Digits& d) {
  if (d.count != 13 || number(d.digit, 3) != 756 || !grouped(d, {3, 4, 4, 2}, ". ")) return kNo;
  int sum = 0;
  for (size_t i = 0; i < 12; ++i) sum += (d.digit[i] - '0') * (i % 2 == 1 ? 3 : 1);
  return (10 - sum % 10) % 10 == d.digit[12] - '0' ? whole_end(text, d) : kNo;
}

/// INSEE: sex, year, month, place (2A and 2B are Corsica), order, and 97 less the rest by 97.
size_t fr_nir_end(std::string_view text, size_t at, std::uint64_t& steps) {
  std::array<char, 15> id{};
  size_t end = 0;
  if (!take(text, at, " ", id, end, steps)) return kNo;
  const bool corsica = id[5] == '2' && (id[6] == 'A' || id[6] == 'B');
  if (!all_digits(id.data(), 6) || !all_digits(id.data() + 7, 8) || (!corsica && !is_digit(id[6]))) return kNo;
  const int month = number(id.data() + 3, 2);
  const bool month_good = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || (month >= 50 && month <= 99);
  if ((id[0] != '1' && id[0] != '2' && id[0] != '3' && id[0] != '4' && id[0] != '7' && id[0] != '8') || !month_good)
    return kNo;
  std::array<char, 15> digits = id;
  if (corsica) {
    digits[5] = '1';
    digits[6] = id[6] == 'A' ? '9' : '8';
  }
  std::int64_t value = 0;
  for (size_t i = 0; i < 13; ++i) value = value * 10 + (digits[i] - '0');
  return 97 - value % 97 == number(id.data() + 13, 2) ? end : kNo;
}

/// Ministerio del Interior: eight digits (NIE: X, Y or Z and seven) and a letter by the rest by 23.
size_t es_dni_end(std::string_view text, size_t at, std::uint64_t& steps) {
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  std::array<char, 9> id{};
  size_t end = 0;
  if (!take(text, at, "-", id, end, steps) || !all_digits(id.data() + 1, 7)) return kNo;
  int first = id[0] - '0';
  if (id[0] >= 'X' && id[0] <= 'Z') first = id[0] - 'X';
  if (first < 0 || first > 9) return kNo;
  const int value = first * 10'000'000 + number(id.data() + 1, 7);
  return kLetters[static_cast<size_t>(value % 23)] == id[8] ? end : kNo;
}

/// ISO 13616: the country's length, and all of it by 97 leaves 1. In one piece or in fours.
size_t iban_end(std::string_view text, size_t at, std::uint64_t& steps) {
  if (at + 15 > text.size()) return kNo;
  const size_t length = iban_length(upper(text[at]), upper(text[at + 1]));
  steps += 4;
  if (length == 0 || !is_digit(text[at + 2]) || !is_digit(text[at + 3])) return kNo;
  std::array<char, 34> id{};
  size_t count = 0;
  size_t i = at;
  for (; i < text.size() && count < length; ++i) {
    if (is_alnum(text[i])) {
      id[count++] = upper(text[i]);
    } else if ((text[i] != ' ' && text[i] != '-') || count % 4 != 0 || count == 0 || !is_alnum(text[i - 1])) {
      break;
    }
  }
  steps += i - at;
  if (count != length || !ends_well(text, i)) return kNo;
  int rest = 0;
  for (size_t k = 0; k < length; ++k) {
    const char c = id[(k + 4) % length];
    rest = is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
  }
  return rest == 1 ? i : kNo;
}

/// HM Revenue & Customs: two letters, six digits, A to D. There is no check digit.
size_t uk_nino_end(std::string_view text, size_t at, std::uint64_t& steps) {
  constexpr std::string_view kNever = "DFIQUV";
  std::array<char, 9> id{};
  size_t end = 0;
  if (!take(text, at, " ", id, end, steps) || !is_letter(id[0]) || !is_letter(id[1]) || !all_digits(id.data() + 2, 6))
    return kNo;
  if (id[8] < 'A' || id[8] > 'D') return kNo;
  if (kNever.find(id[0]) != kNever.npos || kNever.find(id[1]) != kNever.npos || id[1] == 'O') return kNo;
  constexpr std::array<std::string_view, 7> kUnused = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
  const bool unused = std::ranges::find(kUnused, std::string_view(id.data(), 2)) != kUnused.end();
  return unused ? kNo : end;
}

/// Agenzia delle Entrate, decree of 23 December 1976: six letters, year, month, day, place, check letter. Digits may be
/// replaced by letters where two people would get the same code.
size_t codice_fiscale_end(std::string_view text, size_t at, std::uint64_t& steps) {
  if (at + 16 > text.size()) return kNo;
  constexpr std::string_view kOmocodia = "LMNPQRSTUV";
  constexpr std::string_view kMonths = "ABCDEHLMPRST";
  constexpr std::array<int, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  constexpr std::string_view kPattern = "LLLLLLNNMNNLNNNL"; // letters, numbers, the month
  int sum = 0;
  for (size_t i = 0; i < 16; ++i) {
    const char c = upper(text[at + i]);
    ++steps;
    const bool numeral = is_digit(c) || kOmocodia.find(c) != kOmocodia.npos;
    const bool fits = kPattern[i] == 'N' ? numeral : kPattern[i] == 'M' ? kMonths.find(c) != kMonths.npos : is_upper(c);
    if (!fits) return kNo;
    if (i == 15) return sum % 26 == c - 'A' && ends_well(text, at + 16) ? at + 16 : kNo;
    const auto place = static_cast<size_t>(is_digit(c) ? c - '0' : c - 'A');
    sum += i % 2 == 0 ? kOdd[place] : static_cast<int>(place); // the first one is odd
  }
  return kNo;
}

} // namespace kairos::policy
