#include "store/duckdb/sql_builder.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::store {
namespace {

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }

std::string offset_expression(const std::vector<OffsetPiece>& pieces) {
  if (pieces.size() == 1) return sql_value(pieces.front().offset_us);
  std::string text = "(CASE";
  for (size_t i = 0; i + 1 < pieces.size(); ++i) {
    text += fmt::format(" WHEN r.created < {} THEN {}", sql_value(pieces[i].until_us), sql_value(pieces[i].offset_us));
  }
  return text + fmt::format(" ELSE {} END)", sql_value(pieces.back().offset_us));
}

std::string bucket_expression(Interval interval, const std::vector<OffsetPiece>& pieces) {
  const std::string offset = offset_expression(pieces);
  const std::string local = fmt::format("(r.created + {})", offset);
  const std::string stamp = fmt::format("make_timestamp({})", local);
  switch (interval) {
  case Interval::kMinute:
    return fmt::format("({} // 60000000 * 60000000 - {})", local, offset);
  case Interval::kHour:
    return fmt::format("({} // 3600000000 * 3600000000 - {})", local, offset);
  case Interval::kDay:
    return fmt::format("({} // 86400000000)", local);
  case Interval::kWeek:
    return fmt::format("(({} // 86400000000 + 3) // 7)", local);
  case Interval::kMonth:
    return fmt::format("(year({0}) * 12 + month({0}) - 1)", stamp);
  case Interval::kQuarter:
    return fmt::format("((year({0}) * 12 + month({0}) - 1) // 3)", stamp);
  case Interval::kYear:
    return fmt::format("year({})", stamp);
  }
  return "0";
}

std::string tag_alias(size_t dimension) { return fmt::format("t{}", dimension); }

std::string dimension_expression(const Question& question, size_t index) {
  const Query& query = question.query;
  const DimensionRef& dimension = query.dimensions[index];
  if (dimension.dimension == Dimension::kTime) return bucket_expression(query.interval, question.pieces);
  const char* column = column_name(dimension.dimension);
  const std::string expression =
      column != nullptr ? fmt::format("r.{}", column) : fmt::format("coalesce({}.value, 0)", tag_alias(index));
  if (question.top == nullptr || !(question.top->dimension == dimension)) return expression;
  return fmt::format("(CASE WHEN {0} IN {1} THEN {0} ELSE {2} END)", expression, sql_list(question.top->keys),
                     sql_value(kOtherKey));
}

/// The tag of each receipt, one join per tag dimension.
std::string tag_joins(const Query& query, const Names& names) {
  std::string joins;
  for (size_t i = 0; i < query.dimensions.size(); ++i) {
    if (query.dimensions[i].dimension != Dimension::kTag) continue;
    joins +=
        fmt::format(" LEFT JOIN (SELECT sequence, value FROM tags WHERE key = {} AND created >= {} AND created < {}) "
                    "{} ON {}.sequence = r.sequence",
                    sql_value(names.find(Kind::kTagKey, query.dimensions[i].tag)), sql_value(micros(query.range.from)),
                    sql_value(micros(query.range.to)), tag_alias(i), tag_alias(i));
  }
  return joins;
}

/// SELECT keys and figures FROM the source … GROUP BY the first `groups` columns beyond the dimensions too.
void append_select(std::string& sql, const Question& question, const Source& source, const std::string& figures,
                   const std::string& condition, size_t more_groups) {
  std::string select;
  std::string groups;
  const size_t dimensions = question.query.dimensions.size();
  for (size_t i = 0; i < dimensions; ++i) select += dimension_expression(question, i) + ", ";
  for (size_t i = 0; i < dimensions + more_groups; ++i) groups += fmt::format("{}{}", i > 0 ? ", " : "", i + 1);
  const char* table = source.cube != nullptr ? source.cube->table : raw_table(question.grain);
  sql += fmt::format("SELECT {}{} FROM {} r{}", select, figures, table,
                     source.cube != nullptr ? "" : tag_joins(question.query, question.names));
  auto conditions = conditions_of(question.query.filters, question.scope, question.names, question.grain,
                                  {source.from_us, source.to_us});
  if (source.after > 0) conditions.push_back("r.sequence > " + sql_value(source.after));
  if (!condition.empty()) conditions.push_back(condition);
  append_where(sql, conditions);
  if (!groups.empty()) sql += " GROUP BY " + groups;
}

} // namespace

std::string sums_sql(const Question& question, const Plan& plan, std::span<const Part> parts) {
  std::string sql = "SELECT * FROM (";
  for (const Source& source : plan.sources) {
    std::string figures;
    for (const Part part : parts) {
      const PartSql& names = part_sql(part);
      figures += figures.empty() ? "" : ", ";
      figures +=
          source.cube != nullptr ? fmt::format("sum(r.{})", names.column) : std::string(sql_of(names, question.grain));
    }
    if (&source != &plan.sources.front()) sql += " UNION ALL ";
    append_select(sql, question, source, figures, "", 0);
  }
  sql += fmt::format(") LIMIT {}", (kMaxGroups + 1) * plan.sources.size());
  return sql;
}

std::string sketch_sql(const Question& question, const Plan& plan, const std::array<bool, kDurationCount>& durations) {
  std::string sql = "SELECT * FROM (";
  const auto columns = bucket_columns(question.grain);
  const char* between = "";
  for (const Source& source : plan.sources) {
    if (source.cube != nullptr) {
      std::vector<std::int64_t> wanted;
      for (size_t i = 0; i < columns.size(); ++i) {
        if (durations[i]) wanted.push_back(static_cast<std::int64_t>(i));
      }
      append_select(sql, question, source, "r.duration, r.bucket, sum(r.n)", "r.duration IN " + sql_list(wanted), 2);
      between = " UNION ALL ";
      continue;
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!durations[i]) continue;
      sql += std::exchange(between, " UNION ALL ");
      append_select(sql, question, source, fmt::format("{}, r.{}, count(*)", i, columns[i]),
                    fmt::format("r.{} IS NOT NULL", columns[i]), 2);
    }
  }
  sql += fmt::format(") LIMIT {}", kMaxSketchRows + 1);
  return sql;
}

std::string quantiles_sql(const Question& question, const Plan& plan, std::span<const Measure> percentiles) {
  constexpr std::array<const char*, kDurationCount> kColumns = {"latency", "ttft", "overhead"};
  std::string figures;
  for (const Measure measure : percentiles) {
    // What does not count has no bucket: the latency of refused requests. quantile_disc is the nearest rank.
    figures += fmt::format("{}quantile_disc(r.{}, {}) FILTER (WHERE r.{} IS NOT NULL)", figures.empty() ? "" : ", ",
                           kColumns[duration_of(measure)], per_cent_of(measure) / 100.0,
                           bucket_columns(question.grain)[duration_of(measure)]);
  }
  std::string sql;
  append_select(sql, question, plan.sources.front(), figures, "", 0);
  sql += fmt::format(" LIMIT {}", kMaxGroups + 1);
  return sql;
}

std::string key_text(const DimensionRef& dimension, std::int64_t key, Interval interval, const Names& names) {
  if (dimension.dimension == Dimension::kTime) return bucket_label(key, interval);
  if (key == kOtherKey) return std::string(kOther);
  if (const auto kind = kind_of(dimension.dimension)) return names.text(*kind, key);
  const auto words = words_of(dimension.dimension);
  return key >= 0 && static_cast<size_t>(key) < words.size() ? std::string(words[static_cast<size_t>(key)]) : "";
}

} // namespace kairos::store
