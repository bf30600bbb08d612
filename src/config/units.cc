#include "config/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/money.h"

namespace kairos::config {
namespace {

using Unit = std::pair<std::string_view, std::int64_t>;

constexpr std::array<Unit, 4> kDurations = {
    {{"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}}};
constexpr std::array<Unit, 8> kSizes = {{{"", 1},
                                         {"B", 1},
                                         {"KiB", 1 << 10},
                                         {"MiB", 1 << 20},
                                         {"GiB", 1 << 30},
                                         {"KB", 1'000},
                                         {"MB", 1'000'000},
                                         {"GB", 1'000'000'000}}};
constexpr std::int64_t kLongest = 30LL * 24 * 3'600'000'000'000;
constexpr std::int64_t kLargest = 1LL << 40;

/// Number × unit; nullopt if either is not understood or the product passes `most`.
std::optional<std::int64_t> scaled(std::string_view text, std::span<const Unit> units, std::int64_t most) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_whole(text.substr(0, digits));
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::first);
  if (!number || unit == units.end() || *number > most / unit->second) return std::nullopt;
  return *number * unit->second;
}

} // namespace

Result<std::int64_t> parse_whole(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size() && value >= 0) return value;
  return fail(Code::kInvalid, fmt::format("\"{}\" is not a whole number, such as 64", text));
}

Result<double> parse_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value)) return value;
  return fail(Code::kInvalid, fmt::format("\"{}\" is not a number, such as 0.85", text));
}

Result<Duration> parse_duration(std::string_view text) {
  if (const auto value = scaled(text, kDurations, kLongest)) return Duration(*value);
  return fail(
      Code::kInvalid,
      fmt::format("\"{}\" is not a duration; write a whole number with ms, s, m or h, such as 30s, at most 720h",
                  text));
}

Result<std::int64_t> parse_size(std::string_view text) {
  if (const auto value = scaled(text, kSizes, kLargest)) return *value;
  return fail(
      Code::kInvalid,
      fmt::format("\"{}\" is not a size; write bytes, or a whole number with KiB, MiB or GiB, such as 64MiB", text));
}

Result<std::int64_t> parse_percent(std::string_view text) {
  // The decimal parser of money has 12 decimals; a per cent is kept with 6.
  const auto value = parse_usd(text);
  const std::int64_t scaled_value = value ? value->value() : 0;
  const std::int64_t millionths = scaled_value / 1'000'000;
  const bool exact = value && scaled_value % 1'000'000 == 0;
  if (exact && millionths >= -100'000'000 && millionths <= 100'000'000'000) return millionths;
  return fail(
      Code::kInvalid,
      fmt::format("\"{}\" is not a percentage from -100 to 100000 with at most 6 decimals, such as 12.5", text));
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(Code::kInvalid, fmt::format("\"{}\" is neither true nor false", text));
}

} // namespace kairos::config
