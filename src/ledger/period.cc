#include "ledger/period.h"

#include <fmt/format.h>

#include <charconv>

namespace kairos::ledger {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

sys_days first_day(PeriodKey period) {
  if (period.kind == Period::kDay) return sys_days(days(period.ordinal));
  return sys_days((year(1970) / 1 + std::chrono::months(period.ordinal)) / 1);
}

void append_padded(std::string& text, unsigned value, int width) {
  char digits[4] = {'0', '0', '0', '0'};
  for (int i = width - 1; i >= 0; --i, value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  text.append(digits, static_cast<size_t>(width));
}

std::optional<unsigned> digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

} // namespace

PeriodKey period_at(Period kind, WallTime time) {
  const sys_days day = floor<days>(time);
  if (kind == Period::kDay) return {kind, static_cast<std::int32_t>(day.time_since_epoch().count())};
  if (kind == Period::kTotal) return {kind, 0};
  const year_month_day date(day);
  const int months =
      (static_cast<int>(date.year()) - 1970) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  return {kind, months};
}

std::string to_text(PeriodKey period) {
  if (period.kind == Period::kTotal) return "total";
  const year_month_day date(first_day(period));
  // By hand: on the request path this is written once for each budget.
  std::string text;
  append_padded(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  append_padded(text.append("-"), static_cast<unsigned>(date.month()), 2);
  if (period.kind == Period::kDay) append_padded(text.append("-"), static_cast<unsigned>(date.day()), 2);
  return text;
}

Result<PeriodKey> parse_period(std::string_view text) {
  const auto wrong =
      fail(Code::kInvalid, fmt::format("'{}' is not a period: write 2026-11-23, 2026-11 or total", text.substr(0, 40)));
  if (text == "total") return PeriodKey{Period::kTotal, 0};
  const bool day = text.size() == 10 && text[7] == '-';
  if ((!day && text.size() != 7) || text[4] != '-') return wrong;
  const auto y = digits(text.substr(0, 4));
  const auto m = digits(text.substr(5, 2));
  const auto d = day ? digits(text.substr(8, 2)) : 1U;
  if (!y || !m || !d) return wrong;
  const year_month_day date{year(static_cast<int>(*y)), std::chrono::month(*m), std::chrono::day(*d)};
  if (!date.ok()) return wrong;
  return period_at(day ? Period::kDay : Period::kMonth, WallTime(sys_days(date)));
}

std::optional<WallTime> start_of(PeriodKey period) {
  if (period.kind == Period::kTotal) return std::nullopt;
  return WallTime(first_day(period));
}

std::optional<WallTime> end_of(PeriodKey period) {
  if (period.kind == Period::kTotal) return std::nullopt;
  return WallTime(first_day({period.kind, period.ordinal + 1}));
}

} // namespace kairos::ledger
