#include "store/duckdb/tables.h"

#include <algorithm>
#include <deque>
#include <map>

#include "store/duckdb/gather.h"

namespace kairos::store {
namespace {

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
  Answer(ReadSession& session, Readings& readings, const Query& query, const Scope& scope, const Names& names,
         std::int64_t exact_rows)
      : query_(query), names_(names), readings_(readings),
        gatherer_(session, readings, scope, names, grain_of(query), measures_of(query), exact_rows) {}

  /// Says what run() will ask for.
  Result<> expect() {
    auto said = expect_in(query_.range);
    if (!said || !query_.compare) return said;
    const auto before = previous_range(query_.range, query_.time_zone);
    if (!before) return std::unexpected(before.error());
    return expect_in(*before);
  }

  Result<Table> run() {
    const auto pieces = offset_pieces(query_.time_zone, query_.range);
    if (!pieces) return std::unexpected(pieces.error());
    if (auto ranked = rank(*pieces); !ranked) return std::unexpected(ranked.error());
    const auto gathered = ask(query_, *pieces);
    if (!gathered) return std::unexpected(gathered.error());
    Table table = frame();
    for (const auto& [keys, figures] : gathered->groups) table.rows.push_back(row_of(keys, cells(figures)));
    if (query_.totals) {
      auto totals = totals_of(query_, *pieces, *gathered);
      if (!totals) return std::unexpected(totals.error());
      table.totals = std::move(*totals);
    }
    if (query_.compare) {
      if (auto compared = compare(table, gathered->groups, *pieces); !compared)
        return std::unexpected(compared.error());
    }
    table.groups = table.rows.size();
    table.percentile_error = gatherer_.percentile_error();
    table.incomplete_before = WallTime(std::chrono::microseconds(gatherer_.incomplete_before_us()));
    sort(table);
    if (table.rows.size() > query_.limit) table.rows.resize(query_.limit);
    return table;
  }

private:
  Result<> expect_in(const TimeRange& range) {
    const auto pieces = offset_pieces(query_.time_zone, range);
    if (!pieces) return std::unexpected(pieces.error());
    Query query = query_;
    query.range = range;
    readings_.expect(query, grain_of(query), *pieces, query.measures);
    if (!query.top) return {};
    query.dimensions = {query.top->dimension};
    readings_.expect(query, grain_of(query_), *pieces, {query.top->by});
    return {};
  }

  Cells cells(const Figures& figures) const { return gatherer_.cells(figures, query_.measures); }

  static std::vector<Measure> measures_of(const Query& query) {
    std::vector<Measure> all = query.measures;
    if (query.top && std::ranges::find(all, query.top->by) == all.end()) all.push_back(query.top->by);
    return all;
  }

  /// Finds the values that keep their own row: by the measure, ties by text.
  Result<> rank(const std::vector<OffsetPiece>& pieces) {
    if (!query_.top) return {};
    Query ranking = query_;
    ranking.dimensions = {query_.top->dimension};
    const auto gathered = gatherer_.ask(ranking, pieces, {query_.top->by}, nullptr);
    if (!gathered) return std::unexpected(gathered.error());
    const auto exactly = gatherer_.exactly(query_, pieces);
    if (!exactly) return std::unexpected(exactly.error());
    fold_ = gathered->few && !*exactly;
    std::vector<std::tuple<Cell, std::string, std::int64_t>> order;
    for (const auto& [keys, figures] : gathered->groups) {
      order.emplace_back(gatherer_.cells(figures, {query_.top->by}).front(),
                         key_text(query_.top->dimension, keys.front(), query_.interval, names_), keys.front());
    }
    std::ranges::sort(order, [](const auto& a, const auto& b) {
      if (std::get<0>(a) != std::get<0>(b)) return better(std::get<0>(a), std::get<0>(b), true);
      return std::get<1>(a) < std::get<1>(b);
    });
    top_.emplace(TopKeys{query_.top->dimension, {}});
    for (size_t i = 0; i < std::min(order.size(), query_.top->n); ++i) top_->keys.push_back(std::get<2>(order[i]));
    return {};
  }

  /// Values beyond the top become one either here or, where there may be very many of them, in the database.
  Result<Gathered> ask(const Query& query, const std::vector<OffsetPiece>& pieces) {
    if (top_ && fold_) {
      auto all = gatherer_.ask(query, pieces, query.measures, nullptr);
      if (all && !all->exact) {
        fold_others(query, all->groups);
        return all;
      }
      if (!all && all.error().code != Code::kTooLarge) return all;
    }
    return gatherer_.ask(query, pieces, query.measures, top_ ? &*top_ : nullptr);
  }

  void fold_others(const Query& query, Groups& groups) const {
    const auto at =
        static_cast<size_t>(std::ranges::find(query.dimensions, top_->dimension) - query.dimensions.begin());
    if (at == query.dimensions.size()) return; // totals
    Groups folded;
    for (auto& [keys, figures] : groups) {
      Keys kept = keys;
      if (std::ranges::find(top_->keys, keys[at]) == top_->keys.end()) kept[at] = kOtherKey;
      const auto [place, fresh] = folded.try_emplace(std::move(kept), std::move(figures));
      if (!fresh) place->second.add(figures); // not moved from then
    }
    groups = std::move(folded);
  }

  /// Added up from the groups; asked for anew only where they have exact percentiles.
  Result<Cells> totals_of(const Query& query, const std::vector<OffsetPiece>& pieces, const Gathered& gathered) {
    Cells row(query.dimensions.size(), Cell(std::string()));
    Figures all = gatherer_.none();
    if (gathered.exact && !query.dimensions.empty()) {
      Query whole = query;
      whole.dimensions.clear();
      auto asked = gatherer_.ask(whole, pieces, query.measures, nullptr);
      if (!asked) return std::unexpected(asked.error());
      all = std::move(asked->groups.begin()->second);
    } else if (gathered.exact) {
      all = gathered.groups.begin()->second;
    } else {
      for (const auto& [keys, figures] : gathered.groups) all.add(figures);
    }
    const Cells sums = cells(all);
    row.insert(row.end(), sums.begin(), sums.end());
    return row;
  }

  Table frame() const {
    Table table;
    for (const DimensionRef& dimension : query_.dimensions)
      table.columns.push_back({name(dimension), ColumnType::kText});
    for (const Measure measure : query_.measures)
      table.columns.push_back({std::string(name(measure)), type_of(measure)});
    return table;
  }

  Cells row_of(const Keys& keys, const Cells& measures) const {
    Cells row;
    for (size_t d = 0; d < keys.size(); ++d)
      row.emplace_back(key_text(query_.dimensions[d], keys[d], query_.interval, names_));
    row.insert(row.end(), measures.begin(), measures.end());
    return row;
  }

  /// Adds the previous period's columns; its buckets stand beside those of the same ordinal.
  Result<> compare(Table& table, const Groups& groups, const std::vector<OffsetPiece>& pieces) {
    const auto range = previous_range(query_.range, query_.time_zone);
    if (!range) return std::unexpected(range.error());
    Query before = query_;
    before.range = *range;
    const auto old_pieces = offset_pieces(query_.time_zone, *range);
    if (!old_pieces) return std::unexpected(old_pieces.error());
    const auto old = ask(before, *old_pieces);
    if (!old) return std::unexpected(old.error());
    const std::int64_t shift =
        bucket_key(query_.range.from, query_.interval, pieces) - bucket_key(range->from, query_.interval, *old_pieces);
    std::map<Keys, Cells> previous;
    for (const auto& [old_keys, figures] : old->groups) {
      Keys keys = old_keys;
      for (size_t d = 0; d < keys.size(); ++d) {
        if (query_.dimensions[d].dimension == Dimension::kTime) keys[d] += shift;
      }
      previous.emplace(std::move(keys), cells(figures));
    }
    for (const Measure measure : query_.measures)
      table.columns.push_back({std::string(name(measure)) + ".previous", type_of(measure)});
    join_previous(table, groups, previous);
    if (!table.totals) return {};
    const auto old_totals = totals_of(before, *old_pieces, *old);
    if (!old_totals) return std::unexpected(old_totals.error());
    const auto first = old_totals->begin() + static_cast<std::ptrdiff_t>(query_.dimensions.size());
    table.totals->insert(table.totals->end(), first, old_totals->end());
    return {};
  }

  /// The table's rows stand in the order of the groups.
  void join_previous(Table& table, const Groups& groups, std::map<Keys, Cells>& previous) const {
    const Cells nothing(query_.measures.size());
    size_t row = 0;
    for (const auto& [keys, figures] : groups) {
      const auto found = previous.find(keys);
      const Cells& old = found == previous.end() ? nothing : found->second;
      table.rows[row].insert(table.rows[row].end(), old.begin(), old.end());
      if (found != previous.end()) previous.erase(found);
      ++row;
    }
    for (const auto& [keys, old] : previous) { // what was there only before
      Cells cells = row_of(keys, nothing);
      cells.insert(cells.end(), old.begin(), old.end());
      table.rows.push_back(std::move(cells));
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

  const Query& query_;
  const Names& names_;
  Readings& readings_;
  Gatherer gatherer_;
  std::optional<TopKeys> top_;
  bool fold_ = false;
};

bool ends_session(Code code) { return code == Code::kTimeout || code == Code::kCancelled || code == Code::kInternal; }

} // namespace

std::vector<Result<Table>> answer_queries(ReadSession& session, std::span<const Query> queries, const Scope& scope,
                                          const Names& names, std::int64_t exact_rows) {
  Readings readings(session, scope, names);
  if (auto begun = readings.begin(); !begun) return {queries.size(), std::unexpected(begun.error())};
  std::deque<Answer> answers;
  std::vector<Result<>> sound;
  for (const Query& query : queries) {
    Answer& answer = answers.emplace_back(session, readings, query, scope, names, exact_rows);
    const auto checked = check(query);
    sound.push_back(checked ? answer.expect() : checked);
  }
  std::vector<Result<Table>> tables;
  std::optional<Error> end; // after a statement that was broken off, the session answers nothing more
  for (size_t i = 0; i < queries.size(); ++i) {
    if (!sound[i]) {
      tables.emplace_back(std::unexpected(sound[i].error()));
    } else if (end) {
      tables.emplace_back(std::unexpected(*end));
    } else {
      tables.push_back(answers[i].run());
      if (!tables.back() && ends_session(tables.back().error().code)) end = tables.back().error();
    }
  }
  return tables;
}

} // namespace kairos::store
