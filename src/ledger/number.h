// Exact decimals of 128 bits as text, both ways.
#pragma once

#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"

namespace kairos::ledger {

/// value / 10^decimals, exact, without trailing zeros or exponent.
std::string decimal(Int128 value, int decimals);
/// The number in units of 10^-decimals, rounded half to even where it has more digits. Plain or scientific notation;
/// kInvalid: anything else, or a magnitude over 10^36 units.
Result<Int128> parse_decimal(std::string_view text, int decimals);

} // namespace kairos::ledger
