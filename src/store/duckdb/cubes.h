// Cubes: the roll-ups. A cube holds, per unit of time (UTC hour or day) and per combination of some dimensions, the
// parts of all receipts up to a sequence of its own ("rolled"); what came later is read from the raw rows, so that rows
// and roll-ups together are always everything, exactly once, in every transaction. Its rows are increments: several may
// have the same key, and a correction adds a row with the old figures negated and one with the new ones.
// A sum that does not fit 64 bits is split over several rows (128-bit columns are a hundred times slower to add up).
// Sketches are rows (duration, bucket, count). Peaks are bounds, not sums: no receipt of the unit is dearer or slower;
// a correction may leave them too high, so they choose where to look and never answer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/duckdb/parts.h"
#include "store/duckdb/schema.h"
#include "store/filters.h"
#include "store/time_buckets.h"

namespace kairos::store {

enum class Holds : std::uint8_t { kSums, kSketches, kPeaks };

struct Cube {
  const char* table;
  Grain grain;
  std::int64_t unit_us;
  Holds holds;
  std::array<std::optional<Dimension>, 6> dimensions;
  bool large = false; // brought up to date less often: packing it takes long
};

/// Small ones first: the first that can answer is taken. Which there are was chosen by what the views ask and by
/// counting combinations in generated traffic (docs/analytics.md).
inline constexpr std::array<Cube, 20> kCubes = {{
    {"day_tenant", Grain::kReceipt, kDayUs, Holds::kSums, {Dimension::kTenant}},
    {"hour_tenant", Grain::kReceipt, kHourUs, Holds::kSums, {Dimension::kTenant, Dimension::kStatus}},
    {"day_target",
     Grain::kReceipt,
     kDayUs,
     Holds::kSums,
     {Dimension::kTenant, Dimension::kModel, Dimension::kProvider, Dimension::kRegion, Dimension::kStatus}},
    {"day_workflow",
     Grain::kReceipt,
     kDayUs,
     Holds::kSums,
     {Dimension::kTenant, Dimension::kWorkflow, Dimension::kKey}},
    {"day_category",
     Grain::kReceipt,
     kDayUs,
     Holds::kSums,
     {Dimension::kTenant, Dimension::kCategory, Dimension::kModel, Dimension::kStatus}},
    {"day_decision",
     Grain::kReceipt,
     kDayUs,
     Holds::kSums,
     {Dimension::kTenant, Dimension::kCategory, Dimension::kRequestedModel, Dimension::kCacheHit, Dimension::kFallback,
      Dimension::kCosted}},
    {"hour_target",
     Grain::kReceipt,
     kHourUs,
     Holds::kSums,
     {Dimension::kTenant, Dimension::kModel, Dimension::kProvider, Dimension::kRegion}},
    {"day_attempt",
     Grain::kAttempt,
     kDayUs,
     Holds::kSums,
     {Dimension::kTenant, Dimension::kAttemptReason, Dimension::kModel, Dimension::kProvider, Dimension::kRegion,
      Dimension::kStatus}},
    {"sketch_day", Grain::kReceipt, kDayUs, Holds::kSketches, {Dimension::kStatus}},
    {"sketch_day_category", Grain::kReceipt, kDayUs, Holds::kSketches, {Dimension::kCategory, Dimension::kStatus}},
    {"sketch_day_target",
     Grain::kReceipt,
     kDayUs,
     Holds::kSketches,
     {Dimension::kModel, Dimension::kProvider, Dimension::kRegion, Dimension::kStatus}},
    {"sketch_hour", Grain::kReceipt, kHourUs, Holds::kSketches, {Dimension::kStatus}},
    {"sketch_day_tenant", Grain::kReceipt, kDayUs, Holds::kSketches, {Dimension::kTenant, Dimension::kStatus}},
    {"sketch_day_attempt",
     Grain::kAttempt,
     kDayUs,
     Holds::kSketches,
     {Dimension::kAttemptReason, Dimension::kModel, Dimension::kProvider, Dimension::kRegion, Dimension::kStatus}},
    {"sketch_day_tenant_category",
     Grain::kReceipt,
     kDayUs,
     Holds::kSketches,
     {Dimension::kTenant, Dimension::kCategory, Dimension::kStatus},
     true},
    {"sketch_day_tenant_target",
     Grain::kReceipt,
     kDayUs,
     Holds::kSketches,
     {Dimension::kTenant, Dimension::kModel, Dimension::kProvider, Dimension::kRegion, Dimension::kStatus},
     true},
    {"sketch_day_tenant_attempt",
     Grain::kAttempt,
     kDayUs,
     Holds::kSketches,
     {Dimension::kTenant, Dimension::kAttemptReason, Dimension::kModel, Dimension::kProvider, Dimension::kRegion,
      Dimension::kStatus},
     true},
    {"sketch_hour_tenant", Grain::kReceipt, kHourUs, Holds::kSketches, {Dimension::kTenant, Dimension::kStatus}, true},
    {"peak_workflow", Grain::kReceipt, kHourUs, Holds::kPeaks, {Dimension::kWorkflow}},
    {"peak_tenant", Grain::kReceipt, kHourUs, Holds::kPeaks, {Dimension::kTenant}},
}};
/// hour_tenant: how many receipts there are, hour by hour.
inline constexpr size_t kHourCounts = 1;
static_assert(std::string_view(kCubes[kHourCounts].table) == "hour_tenant");

bool has_dimension(const Cube& cube, Dimension dimension);
/// Column of a dimension, the same in all tables; nullptr for time and tags. Raw tables have none for kCosted:
/// raw_column() says what stands for it.
const char* column_name(Dimension dimension);
const char* raw_column(Dimension dimension, Grain grain);
/// receipts or attempts.
const char* raw_table(Grain grain);
/// Columns of the buckets in the raw table, by duration; attempts have no overhead.
std::span<const char* const> bucket_columns(Grain grain);

/// CREATE TABLE … of all cubes, and of the table that says how far each is.
std::string create_cubes_sql();
/// INSERT: what the raw rows under this condition add to the cube, or take away from it. Empty where there is nothing
/// to do: peaks stay.
std::string increment_sql(const Cube& cube, const std::string& condition, bool take_away);
/// Makes one row of each key again in the units from `from_us` on. Several statements; run them in a transaction.
std::string pack_sql(const Cube& cube, std::int64_t from_us);

} // namespace kairos::store
