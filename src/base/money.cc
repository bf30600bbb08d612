#include "base/money.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/line_cost.h"

namespace kairos {
namespace {

/// Beyond 64 bits. Written from its end, digit by digit.
std::string wide_text(unsigned __int128 magnitude, bool negative, int decimals) {
  std::array<char, 48> text{}; // 39 digits, sign, point
  const auto wanted = static_cast<size_t>(decimals);
  size_t at = text.size();
  size_t count = 0;
  for (; magnitude > 0; magnitude /= 10, ++count) {
    const auto digit = static_cast<unsigned>(magnitude % 10);
    if (count == wanted && at < text.size()) text[--at] = '.';
    if (digit != 0 || at < text.size() || count >= wanted) text[--at] = static_cast<char>('0' + digit);
  }
  if (negative) text[--at] = '-';
  return {text.data() + at, text.size() - at};
}

/// "00" to "99".
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

/// value / 10^kDecimals as exact text without trailing zeros. Each receipt has dozens of amounts, so this divides by
/// constants and takes two digits at a time.
template <int kDecimals>
std::string decimal_text(Int128 value) {
  constexpr std::uint64_t kOne = [] {
    std::uint64_t one = 1;
    for (int i = 0; i < kDecimals; ++i) one *= 10;
    return one;
  }();
  const bool negative = value < 0;
  const auto wide = negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  if (wide > std::numeric_limits<std::uint64_t>::max()) return wide_text(wide, negative, kDecimals);
  const auto magnitude = static_cast<std::uint64_t>(wide);
  std::array<char, 40> text; // 20 digits, sign, point
  char* at = text.data();
  if (negative) *at++ = '-';
  at = std::to_chars(at, text.data() + text.size(), magnitude / kOne).ptr;
  std::uint64_t fraction = magnitude % kOne;
  if (fraction != 0) {
    *at++ = '.';
    int left = kDecimals;
    for (; left > 1; left -= 2, fraction /= 100) std::memcpy(at + left - 2, kPairs.data() + 2 * (fraction % 100), 2);
    if (left == 1) *at = static_cast<char>('0' + fraction);
    at += kDecimals;
    while (at[-1] == '0') --at;
  }
  return {text.data(), at};
}

std::unexpected<Error> not_an_amount(std::string_view text, std::string_view why) {
  return fail(Code::kInvalid, fmt::format("'{}' is not an amount: {}", text.substr(0, 40), why));
}

struct Decimal {
  Int128 digits = 0;
  int scale = 0; // value = digits / 10^scale
};

Result<Decimal> split_decimal(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  Decimal number;
  bool any = false;
  bool after_point = false;
  while (!rest.empty() && (rest.front() == '.' || (rest.front() >= '0' && rest.front() <= '9'))) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '.') {
      if (after_point) return not_an_amount(text, "two decimal points");
      after_point = true;
      continue;
    }
    any = true;
    if (number.digits > Int128{1} << 100) return not_an_amount(text, "too many digits");
    number.digits = number.digits * 10 + (c - '0');
    number.scale += after_point ? 1 : 0;
  }
  if (!any) return not_an_amount(text, "write it as a plain decimal, like 0.25");
  if (!rest.empty() && (rest.front() == 'e' || rest.front() == 'E')) {
    rest.remove_prefix(rest.size() > 1 && rest[1] == '+' ? 2 : 1);
    int exponent = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc() || exponent < -40 || exponent > 40) return not_an_amount(text, "bad exponent");
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    number.scale -= exponent;
  }
  if (!rest.empty()) return not_an_amount(text, "write it as a plain decimal, like 0.25");
  if (negative) number.digits = -number.digits;
  return number;
}

/// The number in units of 10^-decimals, exact or refused.
Result<std::int64_t> fixed_point(std::string_view text, int decimals) {
  auto number = split_decimal(text);
  if (!number) return std::unexpected(number.error());
  Int128 value = number->digits;
  if (value == 0) return 0;
  for (; number->scale < decimals; ++number->scale) {
    value *= 10;
    if (value > INT64_MAX || value < INT64_MIN) return not_an_amount(text, "too large");
  }
  for (; number->scale > decimals; --number->scale) {
    if (value % 10 != 0) return not_an_amount(text, fmt::format("more than {} decimals", decimals));
    value /= 10;
  }
  if (value > 9 * Int128{1'000'000'000'000'000'000} || value < -9 * Int128{1'000'000'000'000'000'000}) {
    return not_an_amount(text, "too large");
  }
  return static_cast<std::int64_t>(value);
}

} // namespace

bool wide_line_cost(std::int64_t quantity, UnitPrice price, Picodollars& into) {
  const Int128 product = Int128{quantity} * price.value();
  Int128 quotient = product / 1000;
  const Int128 remainder = product % 1000;
  const Int128 twice = remainder < 0 ? -2 * remainder : 2 * remainder;
  if (twice > 1000 || (twice == 1000 && quotient % 2 != 0)) quotient += product < 0 ? -1 : 1;
  if (quotient > INT64_MAX || quotient < INT64_MIN) return false;
  into = Picodollars(static_cast<std::int64_t>(quotient));
  return true;
}

std::optional<Picodollars> line_cost(std::int64_t quantity, UnitPrice price) {
  Picodollars cost;
  if (!line_cost(quantity, price, cost)) return std::nullopt;
  return cost;
}

std::string usd(Picodollars amount) { return decimal_text<12>(amount.value()); }
std::string usd_sum(PicoSum picodollars) { return decimal_text<12>(picodollars); }
std::string usd_per_million(UnitPrice price) { return decimal_text<9>(price.value()); }

Result<Picodollars> parse_usd(std::string_view text) {
  auto value = fixed_point(text, 12);
  if (!value) return std::unexpected(value.error());
  return Picodollars(*value);
}

Result<UnitPrice> parse_usd_per_million(std::string_view text) {
  auto value = fixed_point(text, 9);
  if (!value) return std::unexpected(value.error());
  return UnitPrice(*value);
}

} // namespace kairos
