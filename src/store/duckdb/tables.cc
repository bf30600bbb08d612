#include "store/duckdb/tables.h"

#include <algorithm>
#include <map>

#include "store/duckdb/sql_builder.h"

namespace kairos::store {
namespace {

using Keys = std::vector<std::int64_t>;
using Cells = std::vector<Cell>;
struct Group {
  Keys keys;
  Cells measures;
};

Cell measure_cell(Measure measure, Grain grain, const std::optional<Int128>& numerator,
                  const std::optional<Int128>& denominator) {
  if (!numerator) return {};
  const MeasureSql parts = measure_sql(measure, grain);
  if (type_of(measure) == ColumnType::kMoney) return Money{*numerator};
  if (type_of(measure) == ColumnType::kInteger) return static_cast<std::int64_t>(*numerator);
  if (!denominator || *denominator == 0) return {};
  return static_cast<double>(*numerator) * parts.scale / static_cast<double>(*denominator);
}

/// nullopt (unknown) comes after everything.
bool cell_less(const Cell& a, const Cell& b) {
  if (a.index() == 0 || b.index() == 0) return a.index() != 0 && b.index() == 0;
  return a < b;
}

bool better(const Cell& a, const Cell& b, bool descending) {
  if (a.index() == 0 || b.index() == 0) return cell_less(a, b);
  return descending ? b < a : a < b;
}

class Answer {
public:
  Answer(ReadSession& session, const Query& query, const Scope& scope, const Names& names)
      : session_(session), query_(query), scope_(scope), names_(names), grain_(grain_of(query)) {}

  Result<Table> run() {
    const auto pieces = offset_pieces(query_.time_zone, query_.range);
    if (!pieces) return std::unexpected(pieces.error());
    if (auto ranked = rank(*pieces); !ranked) return std::unexpected(ranked.error());
    auto groups = ask(query_, *pieces);
    if (!groups) return std::unexpected(groups.error());
    Table table = frame();
    for (Group& group : *groups) table.rows.push_back(row_of(group));
    if (query_.totals) {
      auto totals = totals_of(query_, *pieces);
      if (!totals) return std::unexpected(totals.error());
      table.totals = std::move(*totals);
    }
    if (query_.compare) {
      if (auto compared = compare(table, *groups, *pieces); !compared) return std::unexpected(compared.error());
    }
    table.groups = table.rows.size();
    sort(table);
    if (table.rows.size() > query_.limit) table.rows.resize(query_.limit);
    return table;
  }

private:
  Result<std::vector<Group>> ask(const Query& query, const std::vector<OffsetPiece>& pieces) {
    const auto rows = session_.run(group_sql(query, grain_, scope_, names_, pieces, top_ ? &*top_ : nullptr));
    if (!rows) return std::unexpected(rows.error());
    if (rows->size() > kMaxGroups) {
      return fail(
          Code::kTooLarge,
          "dimensions: the answer has more than 100000 rows; use fewer dimensions, a coarser interval or filters");
    }
    std::vector<Group> groups(rows->size());
    const size_t dimensions = query.dimensions.size();
    for (size_t row = 0; row < groups.size(); ++row) {
      for (size_t d = 0; d < dimensions; ++d) groups[row].keys.push_back(rows->integer(row, d));
      for (size_t m = 0; m < query.measures.size(); ++m) {
        const size_t column = dimensions + 2 * m;
        groups[row].measures.push_back(
            measure_cell(query.measures[m], grain_, rows->at(row, column), rows->at(row, column + 1)));
      }
    }
    return groups;
  }

  /// Finds the values that keep their own row: by the measure, ties by text.
  Result<> rank(const std::vector<OffsetPiece>& pieces) {
    if (!query_.top) return {};
    Query ranking = query_;
    ranking.measures = {query_.top->by};
    ranking.dimensions = {query_.top->dimension};
    auto groups = ask(ranking, pieces);
    if (!groups) return std::unexpected(groups.error());
    std::vector<std::tuple<Cell, std::string, std::int64_t>> order;
    for (const Group& group : *groups) {
      const std::int64_t key = group.keys.front();
      order.emplace_back(group.measures.front(), key_text(query_.top->dimension, key, query_.interval, names_), key);
    }
    std::ranges::sort(order, [](const auto& a, const auto& b) {
      if (std::get<0>(a) != std::get<0>(b)) return better(std::get<0>(a), std::get<0>(b), true);
      return std::get<1>(a) < std::get<1>(b);
    });
    top_.emplace(TopKeys{query_.top->dimension, {}});
    for (size_t i = 0; i < std::min(order.size(), query_.top->n); ++i) top_->keys.push_back(std::get<2>(order[i]));
    return {};
  }

  Result<Cells> totals_of(const Query& query, const std::vector<OffsetPiece>& pieces) {
    Query whole = query;
    whole.dimensions.clear();
    auto groups = ask(whole, pieces);
    if (!groups) return std::unexpected(groups.error());
    Cells cells(query.dimensions.size(), Cell(std::string()));
    const Cells& sums = groups->front().measures;
    cells.insert(cells.end(), sums.begin(), sums.end());
    return cells;
  }

  Table frame() const {
    Table table;
    for (const DimensionRef& dimension : query_.dimensions)
      table.columns.push_back({name(dimension), ColumnType::kText});
    for (const Measure measure : query_.measures)
      table.columns.push_back({std::string(name(measure)), type_of(measure)});
    return table;
  }

  Cells row_of(const Group& group) const {
    Cells row;
    for (size_t d = 0; d < group.keys.size(); ++d)
      row.emplace_back(key_text(query_.dimensions[d], group.keys[d], query_.interval, names_));
    row.insert(row.end(), group.measures.begin(), group.measures.end());
    return row;
  }

  /// Adds the previous period's columns; its buckets stand beside those of the same ordinal.
  Result<> compare(Table& table, const std::vector<Group>& groups, const std::vector<OffsetPiece>& pieces) {
    const auto range = previous_range(query_.range, query_.time_zone);
    if (!range) return std::unexpected(range.error());
    Query before = query_;
    before.range = *range;
    const auto old_pieces = offset_pieces(query_.time_zone, *range);
    if (!old_pieces) return std::unexpected(old_pieces.error());
    auto old_groups = ask(before, *old_pieces);
    if (!old_groups) return std::unexpected(old_groups.error());
    const std::int64_t shift =
        bucket_key(query_.range.from, query_.interval, pieces) - bucket_key(range->from, query_.interval, *old_pieces);
    std::map<Keys, Cells> previous;
    for (Group& group : *old_groups) {
      for (size_t d = 0; d < group.keys.size(); ++d) {
        if (query_.dimensions[d].dimension == Dimension::kTime) group.keys[d] += shift;
      }
      previous.emplace(std::move(group.keys), std::move(group.measures));
    }
    for (const Measure measure : query_.measures)
      table.columns.push_back({std::string(name(measure)) + ".previous", type_of(measure)});
    join_previous(table, groups, previous);
    if (!table.totals) return {};
    const auto old_totals = totals_of(before, *old_pieces);
    if (!old_totals) return std::unexpected(old_totals.error());
    const auto first = old_totals->begin() + static_cast<std::ptrdiff_t>(query_.dimensions.size());
    table.totals->insert(table.totals->end(), first, old_totals->end());
    return {};
  }

  void join_previous(Table& table, const std::vector<Group>& groups, std::map<Keys, Cells>& previous) const {
    const Cells nothing(query_.measures.size());
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto found = previous.find(groups[i].keys);
      const Cells& old = found == previous.end() ? nothing : found->second;
      table.rows[i].insert(table.rows[i].end(), old.begin(), old.end());
      if (found != previous.end()) previous.erase(found);
    }
    for (auto& [keys, old] : previous) { // what was there only before
      Cells row = row_of(Group{keys, nothing});
      row.insert(row.end(), old.begin(), old.end());
      table.rows.push_back(std::move(row));
    }
  }

  size_t column_of(const std::variant<Measure, DimensionRef>& by) const {
    if (const auto* measure = std::get_if<Measure>(&by)) {
      return query_.dimensions.size() +
             static_cast<size_t>(std::ranges::find(query_.measures, *measure) - query_.measures.begin());
    }
    return static_cast<size_t>(std::ranges::find(query_.dimensions, std::get<DimensionRef>(by)) -
                               query_.dimensions.begin());
  }

  void sort(Table& table) const {
    std::vector<std::pair<size_t, bool>> columns;
    for (const Order& order : query_.order) columns.emplace_back(column_of(order.by), order.descending);
    std::ranges::sort(table.rows, [&](const Cells& a, const Cells& b) {
      for (const auto& [column, descending] : columns) {
        if (a[column] != b[column]) return better(a[column], b[column], descending);
      }
      for (size_t d = 0; d < query_.dimensions.size(); ++d) {
        if (a[d] == b[d]) continue;
        if (is_other(a[d]) || is_other(b[d])) return is_other(b[d]);
        return a[d] < b[d];
      }
      return false;
    });
  }

  static bool is_other(const Cell& cell) { return std::get<std::string>(cell) == kOther; }

  ReadSession& session_;
  const Query& query_;
  const Scope& scope_;
  const Names& names_;
  const Grain grain_;
  std::optional<TopKeys> top_;
};

} // namespace

Result<Table> answer_query(ReadSession& session, const Query& query, const Scope& scope, const Names& names) {
  return Answer(session, query, scope, names).run();
}

} // namespace kairos::store
