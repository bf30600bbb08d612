#include "store/duckdb/cubes.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::store {
namespace {

/// ", tenant, model" as raw rows have them.
std::string raw_list(const Cube& cube) {
  std::string list;
  for (const auto& dimension : cube.dimensions) {
    if (dimension) list += fmt::format(", {}", raw_column(*dimension, cube.grain));
  }
  return list;
}

/// "tenant, model" with `before` each, "" for none.
std::string dimension_list(const Cube& cube, const char* before = ", ", const char* after = "") {
  std::string list;
  for (const auto& dimension : cube.dimensions) {
    if (dimension) list += fmt::format("{}{}{}", before, column_name(*dimension), after);
  }
  return list;
}

/// "1, 2, 3": time, the dimensions, and what a sketch is kept by.
std::string group_numbers(const Cube& cube) {
  const auto dimensions = std::ranges::count_if(cube.dimensions, [](const auto& d) { return d.has_value(); });
  std::string numbers = "1";
  for (std::ptrdiff_t i = 2; i <= dimensions + (cube.holds == Holds::kSketches ? 3 : 1); ++i)
    numbers += fmt::format(", {}", i);
  return numbers;
}

std::string unit_of(const Cube& cube) { return fmt::format("created // {0} * {0}", cube.unit_us); }

template <class Use>
void each_part(const Cube& cube, const Use& use) {
  for (size_t i = 0; i < kPartCount; ++i) {
    const PartSql& part = part_sql(static_cast<Part>(i));
    if (!sql_of(part, cube.grain).empty()) use(part);
  }
}

std::string create_sql(const Cube& cube) {
  std::string columns = "created BIGINT" + dimension_list(cube, ", ", " INTEGER");
  if (cube.holds == Holds::kSketches) columns += ", duration TINYINT, bucket SMALLINT, n BIGINT";
  if (cube.holds == Holds::kPeaks) columns += ", cost BIGINT, latency BIGINT";
  if (cube.holds == Holds::kSums)
    each_part(cube, [&](const PartSql& part) { columns += fmt::format(", {} BIGINT", part.column); });
  return fmt::format("CREATE TABLE {} ({});", cube.table, columns);
}

std::string sketch_increment(const Cube& cube, const std::string& condition, const char* sign) {
  std::string sql;
  const auto buckets = bucket_columns(cube.grain);
  for (size_t i = 0; i < buckets.size(); ++i) {
    sql += fmt::format("{}SELECT {}{}, {}, {}, {}count(*) FROM {} WHERE ({}) AND {} IS NOT NULL GROUP BY {}",
                       i == 0 ? "" : " UNION ALL ", unit_of(cube), raw_list(cube), i, buckets[i], sign,
                       raw_table(cube.grain), condition, buckets[i], group_numbers(cube));
  }
  return sql;
}

std::string sums_increment(const Cube& cube, const std::string& condition, const char* sign) {
  std::string sums;
  each_part(cube,
            [&](const PartSql& part) { sums += fmt::format(", {}coalesce({}, 0)", sign, sql_of(part, cube.grain)); });
  return fmt::format("SELECT {}{}{} FROM {} WHERE {} GROUP BY {}", unit_of(cube), raw_list(cube), sums,
                     raw_table(cube.grain), condition, group_numbers(cube));
}

std::string peaks_increment(const Cube& cube, const std::string& condition) {
  return fmt::format("SELECT {}{}, coalesce(max(cost), -1), coalesce(max(latency), 0) FROM {} WHERE {} GROUP BY {}",
                     unit_of(cube), raw_list(cube), raw_table(cube.grain), condition, group_numbers(cube));
}

std::string increment_of(const Cube& cube, const std::string& condition, const char* sign) {
  switch (cube.holds) {
  case Holds::kSums:
    return sums_increment(cube, condition, sign);
  case Holds::kSketches:
    return sketch_increment(cube, condition, sign);
  case Holds::kPeaks:
    return peaks_increment(cube, condition);
  }
  return "";
}

} // namespace

bool has_dimension(const Cube& cube, Dimension dimension) {
  return std::ranges::find(cube.dimensions, std::optional(dimension)) != cube.dimensions.end();
}

const char* column_name(Dimension dimension) {
  switch (dimension) {
  case Dimension::kTenant:
    return "tenant";
  case Dimension::kWorkflow:
    return "workflow";
  case Dimension::kKey:
    return "api_key";
  case Dimension::kEndUser:
    return "end_user";
  case Dimension::kModel:
    return "model";
  case Dimension::kProvider:
    return "provider";
  case Dimension::kRegion:
    return "region";
  case Dimension::kCategory:
    return "category";
  case Dimension::kStatus:
    return "status";
  case Dimension::kAttemptReason:
    return "reason";
  case Dimension::kRouterVersion:
    return "router";
  case Dimension::kPolicyVersion:
    return "policy";
  case Dimension::kRequestedModel:
    return "requested_model";
  case Dimension::kErrorCode:
    return "error_code";
  case Dimension::kEndpoint:
    return "endpoint";
  case Dimension::kCacheHit:
    return "cache_hit";
  case Dimension::kFallback:
    return "fallback";
  case Dimension::kCosted:
    return "costed";
  case Dimension::kTime:
  case Dimension::kTag:
    return nullptr;
  }
  return nullptr;
}

const char* raw_column(Dimension dimension, Grain grain) {
  if (dimension != Dimension::kCosted) return column_name(dimension);
  return grain == Grain::kReceipt ? "CASE WHEN cost IS NULL THEN 0 ELSE 1 END"
                                  : "CASE WHEN receipt_cost IS NULL THEN 0 ELSE 1 END";
}

const char* raw_table(Grain grain) { return grain == Grain::kReceipt ? "receipts" : "attempts"; }

std::span<const char* const> bucket_columns(Grain grain) {
  static constexpr std::array<const char*, kDurationCount> kColumns = {"latency_bucket", "ttft_bucket",
                                                                       "overhead_bucket"};
  return std::span(kColumns).first(grain == Grain::kReceipt ? 3 : 2);
}

std::string create_cubes_sql() {
  std::string sql = "CREATE TABLE cubes (cube INTEGER, rolled BIGINT, loose BIGINT, loose_from BIGINT);";
  for (size_t i = 0; i < kCubes.size(); ++i)
    sql += create_sql(kCubes[i]) + fmt::format("INSERT INTO cubes VALUES ({}, 0, 0, {});", i, INT64_MAX);
  return sql;
}

std::string increment_sql(const Cube& cube, const std::string& condition, bool take_away) {
  if (take_away && cube.holds == Holds::kPeaks) return "";
  return fmt::format("INSERT INTO {} {}", cube.table, increment_of(cube, condition, take_away ? "-" : ""));
}

std::string pack_sql(const Cube& cube, std::int64_t from_us) {
  std::string keys = "created" + dimension_list(cube);
  std::string figures;
  std::string having;
  if (cube.holds == Holds::kPeaks) figures = ", max(cost), max(latency)";
  if (cube.holds == Holds::kSums) {
    each_part(cube, [&](const PartSql& part) { figures += fmt::format(", sum({})", part.column); });
    having = " HAVING sum(row_count) <> 0";
  }
  if (cube.holds == Holds::kSketches) {
    keys += ", duration, bucket";
    figures = ", sum(n)";
    having = " HAVING sum(n) <> 0";
  }
  return fmt::format(
      "CREATE OR REPLACE TEMP TABLE packed AS SELECT {0}{1} FROM {2} WHERE created >= {3} GROUP BY {0}{4}"
      "; DELETE FROM {2} WHERE created >= {3}; "
      "INSERT INTO {2} SELECT * FROM packed ORDER BY ALL; DROP TABLE packed;",
      keys, figures, cube.table, from_us, having);
}

} // namespace kairos::store
