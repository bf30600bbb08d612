#include "alerts/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace kairos::alerts {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Level saturated(Int128 value) {
  return static_cast<Level>(std::clamp<Int128>(value, -static_cast<Int128>(kMost), kMost));
}

/// With at most `decimals` decimals, half away from zero; trailing zeros go unless `fixed`.
std::string rounded(Level level, std::int64_t one, int decimals, bool fixed = false) {
  std::int64_t unit = one;
  for (int i = 0; i < decimals; ++i) unit /= 10;
  const Int128 magnitude = level < 0 ? -static_cast<Int128>(level) : static_cast<Int128>(level);
  const auto units = static_cast<std::int64_t>((magnitude + unit / 2) / unit);
  std::int64_t whole = units, fraction = 0;
  for (int i = 0; i < decimals; ++i) whole /= 10;
  std::int64_t back = whole;
  for (int i = 0; i < decimals; ++i) back *= 10;
  fraction = units - back;
  std::string text = fmt::format("{}", whole);
  for (size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
  if (decimals > 0) text += fmt::format(".{:0{}}", fraction, decimals);
  while (!fixed && decimals > 0 && text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return (level < 0 && units != 0 ? "-" : "") + text;
}

} // namespace

std::int64_t scale(Unit unit) { return unit == Unit::kUsd ? kMillion * kMillion : kMillion; }

Unit unit_of(store::Measure measure) {
  using store::Measure;
  if (store::type_of(measure) == store::ColumnType::kMoney) return Unit::kUsd;
  if (measure >= Measure::kLatencyP50 && measure <= Measure::kTtftP99) return Unit::kMilliseconds;
  if (measure >= Measure::kOverheadP50 && measure <= Measure::kOverheadP99) return Unit::kMicroseconds;
  if (measure >= Measure::kErrorRate && measure <= Measure::kRefusalRate) return Unit::kShare;
  if (measure == Measure::kConfidence) return Unit::kNumber;
  return measure == Measure::kThroughput ? Unit::kPerSecond : Unit::kCount;
}

std::optional<Level> level_of(const store::Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell))
    return saturated(static_cast<Int128>(*integer) * kMillion);
  if (const auto* money = std::get_if<store::Money>(&cell)) return saturated(money->picodollars);
  const auto* real = std::get_if<double>(&cell);
  if (real == nullptr || !std::isfinite(*real)) return std::nullopt;
  return static_cast<Level>(std::llround(std::clamp(*real, -1e12, 1e12) * 1e6));
}

std::optional<Level> quotient(Level a, Level b) {
  if (b <= 0) return std::nullopt;
  return saturated(static_cast<Int128>(a) * kMillion / b);
}

Result<Level> parse_level(std::string_view text, Unit unit) {
  std::string_view number = text;
  const bool per_cent = unit == Unit::kShare && number.ends_with('%');
  if (per_cent) number.remove_suffix(1);
  while (per_cent && number.ends_with(' ')) number.remove_suffix(1);
  const auto value = parse_usd(number); // a decimal with 12 places, which is what USD needs
  if (!value) return fail(Code::kInvalid, fmt::format("'{}' is not a decimal number such as 0.05", text.substr(0, 40)));
  const std::int64_t parts = value->value() / (per_cent ? 100 : 1);
  return unit == Unit::kUsd ? parts : parts / kMillion;
}

std::string print(Level level, Unit unit) {
  const std::int64_t one = scale(unit);
  switch (unit) {
  case Unit::kShare:
    return rounded(saturated(static_cast<Int128>(level) * 100), one, std::abs(level) < one / 10 ? 1 : 0) + " %";
  case Unit::kFactor:
    return rounded(level, one, 1) + " times";
  case Unit::kMilliseconds:
    return rounded(level, one, 0) + " ms";
  case Unit::kMicroseconds:
    return rounded(level, one, 0) + " µs";
  case Unit::kSeconds:
    return rounded(level, one, level < one ? 1 : 0) + " s";
  case Unit::kUsd:
    return (level < 0 ? "-$" : "$") +
           rounded(level < 0 ? -level : level, one, std::abs(level) < one / 10 ? 4 : 2, true);
  case Unit::kNumber:
    return rounded(level, one, 2);
  case Unit::kPerSecond:
    return rounded(level, one, 1) + " per second";
  case Unit::kCount:
    break;
  }
  return rounded(level, one, 2);
}

std::string decimal(Level level, Unit unit) {
  const Int128 picodollars = static_cast<Int128>(level) * (unit == Unit::kUsd ? 1 : kMillion);
  return usd_sum(picodollars);
}

} // namespace kairos::alerts
