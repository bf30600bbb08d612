#include "base/clock.h"

#include <fmt/format.h>

namespace kairos {

using std::chrono::duration_cast;
using std::chrono::microseconds;

WallTime SystemClock::wall_now() const {
  return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
}
MonoTime SystemClock::mono_now() const { return std::chrono::steady_clock::now(); }

WallTime FakeClock::wall_now() const {
  const std::scoped_lock lock(mutex_);
  return wall_;
}
MonoTime FakeClock::mono_now() const {
  const std::scoped_lock lock(mutex_);
  return mono_;
}
void FakeClock::advance(Duration by) {
  const std::scoped_lock lock(mutex_);
  wall_ += duration_cast<microseconds>(by);
  mono_ += by;
}
void FakeClock::step_wall(Duration by) {
  const std::scoped_lock lock(mutex_);
  wall_ += duration_cast<microseconds>(by);
}

namespace {

char* put_digits(char* at, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return at + width;
}

/// Reads fixed fields from the front of a text; any mismatch makes `ok` false and every later read 0.
struct Reader {
  std::string_view rest;
  bool ok = true;

  int digits(size_t width) {
    if (rest.size() < width) ok = false;
    int value = 0;
    for (size_t i = 0; ok && i < width; ++i) {
      if (rest[i] < '0' || rest[i] > '9') ok = false;
      value = value * 10 + (rest[i] - '0');
    }
    if (ok) rest.remove_prefix(width);
    return ok ? value : 0;
  }
  bool take(char c) {
    if (rest.empty() || (rest.front() | 0x20) != (c | 0x20)) return false;
    rest.remove_prefix(1);
    return true;
  }
  void need(char c) { ok = take(c) && ok; }
};

microseconds fraction(Reader& in) {
  if (!in.take('.')) return microseconds(0);
  int value = 0;
  int places = 0;
  while (!in.rest.empty() && in.rest.front() >= '0' && in.rest.front() <= '9') {
    if (places < 6) value = value * 10 + (in.rest.front() - '0');
    places += places < 6 ? 1 : 0;
    in.rest.remove_prefix(1);
  }
  in.ok = in.ok && places > 0;
  for (; places < 6; ++places) value *= 10;
  return microseconds(value);
}

std::chrono::minutes offset(Reader& in) {
  if (in.take('Z')) return std::chrono::minutes(0);
  const bool minus = in.take('-');
  if (!minus) in.need('+');
  const int hours = in.digits(2);
  in.need(':');
  const int minutes = in.digits(2);
  in.ok = in.ok && hours < 24 && minutes < 60;
  return std::chrono::minutes((minus ? -1 : 1) * (hours * 60 + minutes));
}

} // namespace

std::string to_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out(27, '-');
  char* at = put_digits(out.data(), static_cast<unsigned>(static_cast<int>(date.year())), 4);
  at = put_digits(at + 1, static_cast<unsigned>(date.month()), 2);
  at = put_digits(at + 1, static_cast<unsigned>(date.day()), 2);
  *at = 'T';
  at = put_digits(at + 1, static_cast<unsigned>(clock.hours().count()), 2);
  *at = ':';
  at = put_digits(at + 1, static_cast<unsigned>(clock.minutes().count()), 2);
  *at = ':';
  at = put_digits(at + 1, static_cast<unsigned>(clock.seconds().count()), 2);
  *at = '.';
  at = put_digits(at + 1, static_cast<unsigned>(clock.subseconds().count()), 6);
  *at = 'Z';
  return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  Reader in{text};
  const int year = in.digits(4);
  in.need('-');
  const int month = in.digits(2);
  in.need('-');
  const int day = in.digits(2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  in.ok = in.ok && date.ok();
  WallTime time = in.ok ? WallTime(std::chrono::sys_days(date)) : WallTime{};
  if (in.ok && !in.rest.empty()) {
    in.need('T');
    const int hour = in.digits(2);
    in.need(':');
    const int minute = in.digits(2);
    in.need(':');
    const int second = in.digits(2);
    in.ok = in.ok && hour < 24 && minute < 60 && second < 61;
    const microseconds part = fraction(in);
    const std::chrono::minutes east = offset(in);
    time += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) + part - east;
  }
  if (!in.ok || !in.rest.empty()) {
    return fail(Code::kInvalid, fmt::format("'{}' is not a time like 2026-04-24T13:07:42Z", text.substr(0, 64)));
  }
  return time;
}

} // namespace kairos
