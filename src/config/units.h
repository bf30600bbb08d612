// Values as people write them: whole numbers, shares, durations, sizes. Each error says what is wrong and what is
// right.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace kairos::config {

inline constexpr std::int64_t kKib = 1024;
inline constexpr std::int64_t kMib = 1024 * kKib;

/// Decimal digits, '_' between them allowed.
Result<std::int64_t> parse_whole(std::string_view text);
/// A finite decimal number.
Result<double> parse_real(std::string_view text);
/// "250ms", "10s", "5m", "2h"; whole numbers, at most 30 days.
Result<Duration> parse_duration(std::string_view text);
/// "512", "64KiB", "32MiB", "1GiB", "10MB"; bytes.
Result<std::int64_t> parse_size(std::string_view text);
/// "12.5" per cent as millionths of a per cent, from -100 to 100000.
Result<std::int64_t> parse_percent(std::string_view text);
/// true or false; not yes, no, on, off.
Result<bool> parse_flag(std::string_view text);

} // namespace kairos::config
