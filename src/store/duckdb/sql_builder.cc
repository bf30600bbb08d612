#include "store/duckdb/sql_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace kairos::store {
namespace {

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

std::string dimension_expression(const Question& question, size_t index, bool rolled_up) {
  const Query& query = question.query;
  const DimensionRef& dimension = query.dimensions[index];
  if (dimension.dimension == Dimension::kTime) return bucket_expression(query.interval, question.pieces);
  const char* column = column_name(dimension.dimension);
  std::string expression =
      column != nullptr ? fmt::format("r.{}", column) : fmt::format("coalesce({}.value, 0)", tag_alias(index));
  if (dimension.dimension == Dimension::kCosted && !rolled_up)
    expression = fmt::format("({})", raw_column(dimension.dimension, question.grain));
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

std::vector<std::string> bounds_of(const Source& source) {
  std::vector<std::string> bounds = {"r.created >= " + sql_value(source.from_us),
                                     "r.created < " + sql_value(source.to_us)};
  if (source.after > 0) bounds.push_back("r.sequence > " + sql_value(source.after));
  return bounds;
}

bool names_column(std::string_view text, std::string_view column) {
  const auto part_of_name = [&](size_t at) {
    return at < text.size() && (std::isalnum(text[at]) != 0 || text[at] == '_');
  };
  for (size_t at = text.find(column); at != text.npos; at = text.find(column, at + 1)) {
    if (!part_of_name(at + column.size()) && (at == 0 || !part_of_name(at - 1))) return true;
  }
  return false;
}

/// Of the table's columns those that the text names: a statement is planned faster the fewer it has.
std::string columns_in(std::string_view text, Grain grain) {
  const std::span<const ColumnSpec> all =
      grain == Grain::kReceipt ? std::span<const ColumnSpec>(kReceiptColumns) : kAttemptColumns;
  std::string columns = "r.sequence";
  for (const ColumnSpec& column : all.subspan(1)) {
    if (names_column(text, column.name)) columns += fmt::format(", r.{}", column.name);
  }
  return columns;
}

/// The rows of the sources, all of one table, as `r`. Several pieces of time are one relation, so that they are added
/// up once; `used` is the text that names the columns.
std::string relation_of(const Question& question, std::span<const Source> sources, std::string_view used) {
  const Cube* cube = sources.front().cube;
  const std::string table = cube != nullptr ? cube->table : raw_table(question.grain);
  if (sources.size() == 1) return table + " r";
  const std::string columns = cube != nullptr ? "*" : columns_in(used, question.grain);
  std::string relation;
  for (const Source& source : sources) {
    relation += fmt::format("{}SELECT {} FROM {} r", relation.empty() ? "(" : " UNION ALL ", columns, table);
    append_where(relation, bounds_of(source));
  }
  return relation + ") r";
}

/// SELECT keys and figures FROM the sources … GROUP BY the first `groups` columns beyond the dimensions too. `more` is
/// joined to the rows.
void append_select(std::string& sql, const Question& question, std::span<const Source> sources,
                   const std::string& figures, const std::string& condition, size_t more_groups,
                   const std::string& more = "") {
  std::string select;
  std::string groups;
  const bool rolled_up = sources.front().cube != nullptr;
  const size_t dimensions = question.query.dimensions.size();
  for (size_t i = 0; i < dimensions; ++i) select += dimension_expression(question, i, rolled_up) + ", ";
  for (size_t i = 0; i < dimensions + more_groups; ++i) groups += fmt::format("{}{}", i > 0 ? ", " : "", i + 1);
  // Pieces of a relation say themselves where they begin and end.
  const TimeSpan whole{std::ranges::min(sources, {}, &Source::from_us).from_us,
                       std::ranges::max(sources, {}, &Source::to_us).to_us};
  auto conditions =
      conditions_of(question.query.filters, question.scope, question.names, question.grain, whole, rolled_up);
  if (sources.size() == 1 && sources.front().after > 0)
    conditions.push_back("r.sequence > " + sql_value(sources.front().after));
  if (!condition.empty()) conditions.push_back(condition);
  std::string where;
  append_where(where, conditions);
  sql += fmt::format("SELECT {}{} FROM {}{}{}{}", select, figures,
                     relation_of(question, sources, select + figures + where), more,
                     rolled_up ? "" : tag_joins(question.query, question.names), where);
  if (!groups.empty()) sql += " GROUP BY " + groups;
}

/// The plan's sources, those of one table together.
std::vector<std::vector<Source>> relations_of(const Plan& plan) {
  std::vector<std::vector<Source>> relations;
  for (const Source& source : plan.sources) {
    const auto same = std::ranges::find_if(relations, [&](const auto& one) { return one.front().cube == source.cube; });
    if (same != relations.end()) {
      same->push_back(source);
    } else {
      relations.push_back({source});
    }
  }
  return relations;
}

/// "duration, bucket, count" of raw rows, each counted for every duration that it has.
void append_buckets(std::string& sql, const Question& question, std::span<const Source> sources,
                    const std::vector<std::int64_t>& durations) {
  const auto columns = bucket_columns(question.grain);
  std::string list;
  std::string bucket = "CASE d.duration";
  for (const std::int64_t duration : durations) {
    list += fmt::format("{}({})", list.empty() ? "" : ", ", duration);
    bucket += fmt::format(" WHEN {} THEN r.{}", duration, columns[static_cast<size_t>(duration)]);
  }
  bucket += " END";
  append_select(sql, question, sources, fmt::format("d.duration, {}, count(*)", bucket), bucket + " IS NOT NULL", 2,
                fmt::format(" CROSS JOIN (VALUES {}) d(duration)", list));
}

} // namespace

std::unexpected<Error> too_many_groups() {
  return fail(Code::kTooLarge,
              "dimensions: the answer has more than 100000 rows; use fewer dimensions, a coarser interval or filters");
}

std::unexpected<Error> too_many_buckets() {
  return fail(Code::kTooLarge,
              "dimensions: too many groups for percentiles; use fewer dimensions, a coarser interval or filters");
}

std::string sums_sql(const Question& question, const Plan& plan, std::span<const Part> parts) {
  std::string sql = "SELECT * FROM (";
  const char* between = "";
  for (const std::vector<Source>& sources : relations_of(plan)) {
    const bool rolled_up = sources.front().cube != nullptr;
    std::string figures;
    for (const Part part : parts) {
      const PartSql& names = part_sql(part);
      figures += figures.empty() ? "" : ", ";
      figures += rolled_up ? fmt::format("sum(r.{})", names.column) : std::string(sql_of(names, question.grain));
    }
    sql += std::exchange(between, " UNION ALL ");
    append_select(sql, question, sources, figures, "", 0);
  }
  sql += fmt::format(") LIMIT {}", (kMaxGroups + 1) * plan.sources.size());
  return sql;
}

std::string sketch_sql(const Question& question, const Plan& plan, const std::array<bool, kDurationCount>& durations) {
  std::vector<std::int64_t> wanted;
  for (size_t i = 0; i < bucket_columns(question.grain).size(); ++i) {
    if (durations[i]) wanted.push_back(static_cast<std::int64_t>(i));
  }
  std::string sql = "SELECT * FROM (";
  const char* between = "";
  for (const std::vector<Source>& sources : relations_of(plan)) {
    sql += std::exchange(between, " UNION ALL ");
    if (sources.front().cube != nullptr) {
      append_select(sql, question, sources, "r.duration, r.bucket, sum(r.n)", "r.duration IN " + sql_list(wanted), 2);
    } else {
      append_buckets(sql, question, sources, wanted);
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
  append_select(sql, question, std::span(plan.sources).first(1), figures, "", 0);
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
