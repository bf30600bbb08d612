// Local time without a time-zone function per row: the range is cut into pieces of constant UTC offset, whose few
// boundaries go into the SQL; days, weeks and months are then plain arithmetic on shifted microseconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/query.h"

namespace kairos::store {

inline constexpr std::int64_t kMinuteUs = 60'000'000;
inline constexpr std::int64_t kHourUs = 60 * kMinuteUs;
inline constexpr std::int64_t kDayUs = 24 * kHourUs;

/// As columns and SQL have times: since 1970, UTC.
inline std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

/// From `until` of the piece before (or the beginning) up to `until`, local = UTC + offset.
struct OffsetPiece {
  std::int64_t until_us = 0; // of the last piece: INT64_MAX
  std::int64_t offset_us = 0;
};

/// kInvalid for an unknown zone.
Result<std::vector<OffsetPiece>> offset_pieces(const std::string& time_zone, TimeRange range);

/// Key of the bucket that holds `time`, as the SQL computes it. Minutes and hours: the bucket's start, UTC
/// microseconds; days: local days since 1970; weeks: (day + 3) / 7, Mondays first; months: year × 12 + month − 1;
/// quarters and years alike.
std::int64_t bucket_key(WallTime time, Interval interval, const std::vector<OffsetPiece>& pieces);

/// "2026-10-25T01:00:00Z" (minute, hour: UTC), "2026-10-25" (day; week: its Monday), "2026-10", "2026-Q4", "2026".
std::string bucket_label(std::int64_t key, Interval interval);

/// Start and end of a bucket as instants, from its label: what a row's drill-down asks receipts for. kInvalid if it is
/// not a label of that interval.
Result<TimeRange> bucket_range(std::string_view label, Interval interval, const std::string& time_zone);

/// The range of `compare`: moved back by its length, rounded up to whole weeks of local days from a day on.
Result<TimeRange> previous_range(TimeRange range, const std::string& time_zone);

} // namespace kairos::store
