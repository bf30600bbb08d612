#include "store/time_buckets.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <charconv>

namespace kairos::store {
namespace {

Result<cctz::time_zone> load_zone(const std::string& name) {
  cctz::time_zone zone;
  if (name.empty() || name.size() > 64 || name.find("..") != std::string::npos || name.front() == '/' ||
      name.starts_with("file:") || !cctz::load_time_zone(name, &zone)) {
    return fail(Code::kInvalid, fmt::format("time_zone: no such time zone '{}'; use an IANA name like Europe/Berlin",
                                            name.substr(0, 64)));
  }
  return zone;
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by != 0 && (value % by < 0) != (by < 0) ? 1 : 0);
}

std::int64_t offset_at(std::int64_t at_us, const std::vector<OffsetPiece>& pieces) {
  for (const OffsetPiece& piece : pieces) {
    if (at_us < piece.until_us) return piece.offset_us;
  }
  return pieces.back().offset_us;
}

cctz::civil_day day_of_index(std::int64_t index) { return cctz::civil_day(1970, 1, 1) + index; }

WallTime start_of_day(cctz::civil_day day, const cctz::time_zone& zone) {
  return std::chrono::time_point_cast<std::chrono::microseconds>(cctz::convert(cctz::civil_second(day), zone));
}

/// "2026", "2026-10", "2026-10-25", "2026-Q4" → numbers; empty if it is none of them.
std::vector<int> label_numbers(std::string_view label) {
  std::vector<int> numbers;
  while (!label.empty()) {
    if (label.front() == 'Q' && numbers.size() == 1) label.remove_prefix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
    if (error != std::errc() || number < 0 || number > 9999) return {};
    numbers.push_back(number);
    label.remove_prefix(static_cast<size_t>(end - label.data()));
    if (label.empty()) break;
    if (label.front() != '-' || label.size() == 1) return {};
    label.remove_prefix(1);
  }
  return numbers;
}

Result<TimeRange> civil_range(std::string_view label, Interval interval, const cctz::time_zone& zone) {
  std::vector<int> n = label_numbers(label);
  const size_t expected = interval == Interval::kYear                                      ? 1
                          : interval == Interval::kMonth || interval == Interval::kQuarter ? 2
                                                                                           : 3;
  if (n.size() != expected)
    return fail(Code::kInvalid,
                fmt::format("'{}' is not a {}", label.substr(0, 40), kIntervalNames[static_cast<size_t>(interval)]));
  n.resize(3, 1);
  if (interval == Interval::kQuarter) n[1] = n[1] * 3 - 2;
  const cctz::civil_day first(n[0], n[1], n[2]);
  cctz::civil_day after = first;
  if (interval == Interval::kDay) after = first + 1;
  if (interval == Interval::kWeek) after = first + 7;
  if (interval == Interval::kMonth) after = cctz::civil_day(cctz::civil_month(first) + 1);
  if (interval == Interval::kQuarter) after = cctz::civil_day(cctz::civil_month(first) + 3);
  if (interval == Interval::kYear) after = cctz::civil_day(cctz::civil_year(first) + 1);
  return TimeRange{start_of_day(first, zone), start_of_day(after, zone)};
}

} // namespace

Result<std::vector<OffsetPiece>> offset_pieces(const std::string& time_zone, TimeRange range) {
  const auto zone = load_zone(time_zone);
  if (!zone) return std::unexpected(zone.error());
  std::vector<OffsetPiece> pieces;
  WallTime at = range.from;
  constexpr size_t kMaxPieces = 400;
  while (pieces.size() < kMaxPieces) {
    const std::int64_t offset = std::int64_t{zone->lookup(at).offset} * 1'000'000;
    cctz::time_zone::civil_transition next;
    if (!zone->next_transition(at, &next)) {
      pieces.push_back({INT64_MAX, offset});
      return pieces;
    }
    const auto when = std::chrono::time_point_cast<std::chrono::microseconds>(zone->lookup(next.from).trans);
    if (when >= range.to || when <= at) {
      pieces.push_back({INT64_MAX, offset});
      return pieces;
    }
    pieces.push_back({micros(when), offset});
    at = when;
  }
  return fail(Code::kInvalid, "range: it has too many changes of local time; make it shorter");
}

std::int64_t bucket_key(WallTime time, Interval interval, const std::vector<OffsetPiece>& pieces) {
  const std::int64_t offset = offset_at(micros(time), pieces);
  const std::int64_t local = micros(time) + offset;
  if (interval == Interval::kMinute) return floor_div(local, kMinuteUs) * kMinuteUs - offset;
  if (interval == Interval::kHour) return floor_div(local, kHourUs) * kHourUs - offset;
  const std::int64_t day = floor_div(local, kDayUs);
  if (interval == Interval::kDay) return day;
  if (interval == Interval::kWeek) return floor_div(day + 3, 7);
  const cctz::civil_day civil = day_of_index(day);
  if (interval == Interval::kYear) return civil.year();
  const std::int64_t month = civil.year() * 12 + civil.month() - 1;
  return interval == Interval::kMonth ? month : month / 3;
}

std::string bucket_label(std::int64_t key, Interval interval) {
  switch (interval) {
  case Interval::kMinute:
  case Interval::kHour:
    return to_rfc3339(WallTime(std::chrono::microseconds(key))).substr(0, 19) + "Z";
  case Interval::kDay:
    return cctz::format("%Y-%m-%d", cctz::convert(cctz::civil_second(day_of_index(key)), cctz::utc_time_zone()),
                        cctz::utc_time_zone());
  case Interval::kWeek:
    return bucket_label(key * 7 - 3, Interval::kDay);
  case Interval::kMonth:
    return fmt::format("{:04}-{:02}", key / 12, key % 12 + 1);
  case Interval::kQuarter:
    return fmt::format("{:04}-Q{}", key / 4, key % 4 + 1);
  case Interval::kYear:
    return fmt::format("{:04}", key);
  }
  return "";
}

Result<TimeRange> bucket_range(std::string_view label, Interval interval, const std::string& time_zone) {
  const auto zone = load_zone(time_zone);
  if (!zone) return std::unexpected(zone.error());
  if (interval != Interval::kMinute && interval != Interval::kHour) return civil_range(label, interval, *zone);
  const auto start = parse_rfc3339(label);
  if (!start) return std::unexpected(start.error());
  const std::chrono::microseconds length(interval == Interval::kHour ? kHourUs : kMinuteUs);
  return TimeRange{*start, *start + length};
}

Result<TimeRange> previous_range(TimeRange range, const std::string& time_zone) {
  const auto zone = load_zone(time_zone);
  if (!zone) return std::unexpected(zone.error());
  const std::int64_t length = micros(range.to) - micros(range.from);
  if (length < kDayUs - kHourUs) return TimeRange{range.from - (range.to - range.from), range.from};
  const auto local = [&](WallTime time) { return cctz::convert(time, *zone); };
  const std::int64_t days =
      cctz::civil_day(local(range.to - std::chrono::microseconds(1))) - cctz::civil_day(local(range.from)) + 1;
  const std::int64_t shift_s = (days + 6) / 7 * 7 * 86'400;
  const auto moved = [&](WallTime time) {
    const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
    return std::chrono::time_point_cast<std::chrono::microseconds>(cctz::convert(local(time) - shift_s, *zone)) + part;
  };
  return TimeRange{moved(range.from), moved(range.to)};
}

} // namespace kairos::store
