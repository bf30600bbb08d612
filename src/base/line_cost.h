// line_cost() for whoever prices dozens of lines per request: inline, and without an optional, which the compiler hands
// from function to function by way of memory, at several times the cost of the multiplication.
#pragma once

#include <cstdint>

#include "base/money.h"

namespace kairos {

/// Where the product does not fit 64 bits, or something is negative.
bool wide_line_cost(std::int64_t quantity, UnitPrice price, Picodollars& into);

/// As line_cost(): false, where that is nullopt, and `into` stays as it is.
inline bool line_cost(std::int64_t quantity, UnitPrice price, Picodollars& into) {
  // nano-USD per million units: quantity × price is in 1e-15 USD, a thousandth of a picodollar.
  std::int64_t small = 0;
  if (quantity < 0 || price.value() < 0 || __builtin_mul_overflow(quantity, price.value(), &small))
    return wide_line_cost(quantity, price, into);
  const std::uint64_t whole = static_cast<std::uint64_t>(small) / 1000;
  const std::uint64_t rest = static_cast<std::uint64_t>(small) % 1000;
  const bool up = rest + whole % 2 > 500; // half to even, without a branch, which nobody could foretell
  into = Picodollars(static_cast<std::int64_t>(whole + (up ? 1 : 0)));
  return true;
}

} // namespace kairos
