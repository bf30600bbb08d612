// Values that rules compare: fixed-point integers, so that the same receipts give the same decision everywhere. USD has
// 12 decimals (picodollars), everything else 6. Saturates at the ends of 64 bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/alerts.h"
#include "store/query.h"

namespace kairos::alerts {

enum class Unit : std::uint8_t {
  kCount,
  kMilliseconds,
  kMicroseconds,
  kSeconds,
  kShare,  // 0.05, printed as 5 %
  kFactor, // 2.5, printed as 2.5 times
  kNumber, // confidence
  kUsd,
  kPerSecond,
};

using Level = std::int64_t;

/// Parts of a whole: 10^12 for USD, else 10^6.
std::int64_t scale(Unit unit);
Unit unit_of(store::Measure measure);
/// nullopt for unknown cells and text.
std::optional<Level> level_of(const store::Cell& cell);
/// a ÷ b as a factor; nullopt unless b > 0.
std::optional<Level> quotient(Level a, Level b);

/// "0.05", "5%" (shares only), "800". kInvalid says what is wrong.
Result<Level> parse_level(std::string_view text, Unit unit);
/// For people: "89 %", "812 ms", "$12.30", "2.4 times", "14".
std::string print(Level level, Unit unit);
/// Plain decimal in the unit, as a rule's threshold is written.
std::string decimal(Level level, Unit unit);

} // namespace kairos::alerts
