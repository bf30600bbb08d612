// Money: integers only. 1 picodollar = 1e-12 USD. An unknown amount is std::nullopt, never 0.
// Rules and their reasons: docs/money.md.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos {

using Int128 = __int128;

/// One amount: a cost line, a request, a cap. ±9.2 million USD; arithmetic saturates there (and every place that takes
/// amounts from outside refuses what comes near).
class Picodollars {
public:
  constexpr Picodollars() = default;
  constexpr explicit Picodollars(std::int64_t value) : value_(value) {}
  constexpr std::int64_t value() const { return value_; }
  constexpr auto operator<=>(const Picodollars&) const = default;

  friend constexpr Picodollars operator+(Picodollars a, Picodollars b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a.value_, b.value_, &sum)) return Picodollars(sum);
    return Picodollars(a.value_ < 0 ? INT64_MIN : INT64_MAX);
  }
  friend constexpr Picodollars operator-(Picodollars a, Picodollars b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a.value_, b.value_, &difference)) return Picodollars(difference);
    return Picodollars(a.value_ < 0 ? INT64_MIN : INT64_MAX);
  }
  Picodollars& operator+=(Picodollars other) { return *this = *this + other; }
  Picodollars& operator-=(Picodollars other) { return *this = *this - other; }

private:
  std::int64_t value_ = 0;
};

inline constexpr Picodollars kOneUsd{1'000'000'000'000};

/// A sum of amounts over any number of receipts, in picodollars.
using PicoSum = Int128;

/// A unit price: 1e-9 USD per million units (tokens, or requests, images, searches, … for fees priced per item ×1e6).
/// "3.00 USD per million tokens" is 3'000'000'000.
class UnitPrice {
public:
  constexpr UnitPrice() = default;
  constexpr explicit UnitPrice(std::int64_t nano_usd_per_million) : value_(nano_usd_per_million) {}
  constexpr std::int64_t value() const { return value_; }
  constexpr auto operator<=>(const UnitPrice&) const = default;

private:
  std::int64_t value_ = 0;
};

/// quantity × price in 128 bits, rounded once, half to even, to the picodollar. nullopt if it does not fit.
std::optional<Picodollars> line_cost(std::int64_t quantity, UnitPrice price);

/// Exact decimal text without float noise: "0.0131022", "0", "-12.4". Never an exponent.
std::string usd(Picodollars amount);
std::string usd_sum(PicoSum picodollars);
/// Price in USD per million: "3", "0.075".
std::string usd_per_million(UnitPrice price);

/// Reads a plain or scientific decimal ("0.25", "1e-3"), at most 12 decimals, magnitude under 9 million USD.
/// No sign but '-', no currency symbol, no NaN: each refusal says what is wrong.
Result<Picodollars> parse_usd(std::string_view text);
/// The same with at most 9 decimals, for prices per million.
Result<UnitPrice> parse_usd_per_million(std::string_view text);

} // namespace kairos
