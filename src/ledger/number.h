// Exact decimals of 128 bits as text, both ways.
#pragma once

#include <optional>
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
/// Splits off the next word and reads it as a whole number.
std::optional<Int128> next_number(std::string_view& text);

} // namespace kairos::ledger
