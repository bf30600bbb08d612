#include "ledger/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kairos::ledger {
namespace {

constexpr int kMaxDigits = 36;

std::unexpected<Error> not_a_number(std::string_view text) {
  return fail(Code::kInvalid,
              fmt::format("'{}' is not a number: write it as a plain decimal, like 0.25", text.substr(0, 40)));
}

/// digits × 10^exponent, the digits as text without leading zeros.
struct DecimalParts {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Result<DecimalParts> split(std::string_view text) {
  DecimalParts parts;
  std::string_view rest = text;
  parts.negative = rest.starts_with('-');
  if (parts.negative) rest.remove_prefix(1);
  bool point = false;
  bool any = false;
  for (; !rest.empty() && (rest.front() == '.' || (rest.front() >= '0' && rest.front() <= '9'));
       rest.remove_prefix(1)) {
    if (rest.front() == '.') {
      if (point) return not_a_number(text);
      point = true;
      continue;
    }
    any = true;
    if (parts.digits.size() > 64) return not_a_number(text);
    if (!parts.digits.empty() || rest.front() != '0') parts.digits.push_back(rest.front());
    parts.exponent -= point ? 1 : 0;
  }
  if (!any) return not_a_number(text);
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(rest.size() > 1 && rest[1] == '+' ? 2 : 1);
    int exponent = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc() || exponent < -60 || exponent > 60) return not_a_number(text);
    parts.exponent += exponent;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  }
  if (!rest.empty()) return not_a_number(text);
  return parts;
}

} // namespace

std::string decimal(Int128 value, int decimals) {
  const bool negative = value < 0;
  auto magnitude = negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  std::string digits;
  while (magnitude > 0 || digits.size() <= static_cast<size_t>(decimals)) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  }
  std::reverse(digits.begin(), digits.end());
  if (decimals > 0) {
    digits.insert(digits.size() - static_cast<size_t>(decimals), ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return negative ? "-" + digits : digits;
}

Result<Int128> parse_decimal(std::string_view text, int decimals) {
  auto parts = split(text);
  if (!parts) return std::unexpected(parts.error());
  if (parts->digits.empty()) return Int128{0};
  const int shift = parts->exponent + decimals; // value = digits × 10^shift units
  if (static_cast<int>(parts->digits.size()) + shift > kMaxDigits) return not_a_number(text);
  std::string whole = parts->digits;
  std::string cut;
  if (shift >= 0) {
    whole.append(static_cast<size_t>(shift), '0');
  } else {
    const auto gone = static_cast<size_t>(-shift);
    if (gone > whole.size()) whole.insert(0, gone - whole.size(), '0');
    cut = whole.substr(whole.size() - gone);
    whole.resize(whole.size() - gone);
  }
  Int128 value = 0;
  for (const char c : whole) value = value * 10 + (c - '0');
  if (!cut.empty()) {
    const std::string half = "5" + std::string(cut.size() - 1, '0');
    if (cut > half || (cut == half && value % 2 != 0)) ++value;
  }
  return parts->negative ? -value : value;
}

std::optional<Int128> next_number(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const auto number = parse_decimal(text.substr(0, end), 0);
  text.remove_prefix(std::min(end + 1, text.size()));
  return number ? std::optional(*number) : std::nullopt;
}

} // namespace kairos::ledger
