// The one place that makes SQL for questions. Identifiers come from the tables in this folder, every value is a bound
// integer (names are looked up in the dictionary first), so nothing that a user writes ever becomes SQL text.
#pragma once

#include <string>
#include <vector>

#include "store/duckdb/connection.h"
#include "store/duckdb/names.h"
#include "store/query.h"
#include "store/scope.h"
#include "store/search.h"
#include "store/time_buckets.h"

namespace kairos::store {

/// What a row of the asked table is.
enum class Grain : std::uint8_t { kReceipt, kAttempt };
/// kAttempt if attempt_reason is a dimension.
Grain grain_of(const Query& query);

/// A measure is numerator / denominator × scale (rates and means), or the numerator alone.
struct MeasureSql {
  const char* numerator;   // nullptr: not there at this grain
  const char* denominator; // nullptr: none
  double scale = 1;
};
MeasureSql measure_sql(Measure measure, Grain grain);

/// Which ids of the top dimension keep their own row; all others become kOtherKey.
struct TopKeys {
  DimensionRef dimension;
  std::vector<std::int64_t> keys;
};
inline constexpr std::int64_t kOtherKey = -2;

/// SELECT dimension keys, then numerator and denominator of each measure; LIMIT kMaxGroups + 1.
Sql group_sql(const Query& query, Grain grain, const Scope& scope, const Names& names,
              const std::vector<OffsetPiece>& pieces, const TopKeys* top);

/// Appends " WHERE …" for these filters; the receipts table is called r.
void append_where(Sql& sql, const Filters& filters, const std::optional<TimeRange>& range, const Scope& scope,
                  const Names& names, Grain grain);

/// The kind of dictionary a dimension's keys belong to; nullopt for those of fixed words and time.
std::optional<Kind> kind_of(Dimension dimension);
/// The text of a key, whatever the dimension.
std::string key_text(const DimensionRef& dimension, std::int64_t key, Interval interval, const Names& names);

} // namespace kairos::store
