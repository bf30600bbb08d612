#include "store/duckdb/gather.h"

#include <algorithm>

namespace kairos::store {
namespace {

Keys keys_at(const Rows& rows, size_t row, size_t dimensions) {
  Keys keys(dimensions);
  for (size_t d = 0; d < dimensions; ++d) keys[d] = rows.integer(row, d);
  return keys;
}

} // namespace

void Figures::add(const Figures& more) {
  sums.resize(std::max(sums.size(), more.sums.size()));
  for (size_t i = 0; i < more.sums.size(); ++i) sums[i] += more.sums[i];
  for (size_t i = 0; i < kDurationCount; ++i)
    sketches[i].insert(sketches[i].end(), more.sketches[i].begin(), more.sketches[i].end());
}

Gatherer::Gatherer(ReadSession& session, Readings& readings, const Scope& scope, const Names& names, Grain grain,
                   std::vector<Measure> measures, std::int64_t exact_rows)
    : session_(session), readings_(readings), scope_(scope), names_(names), grain_(grain), exact_rows_(exact_rows),
      parts_(parts_of(measures)) {
  std::ranges::copy_if(measures, std::back_inserter(percentiles_), is_percentile);
}

Result<Gathered> Gatherer::ask(const Query& query, const std::vector<OffsetPiece>& pieces,
                               const std::vector<Measure>& measures, const TopKeys* top) {
  const Question question{query, grain_, scope_, names_, pieces, top};
  Gathered gathered;
  if (auto done = sums(question, measures, gathered); !done) return std::unexpected(done.error());
  std::vector<Measure> wanted;
  std::ranges::copy_if(measures, std::back_inserter(wanted), is_percentile);
  if (!wanted.empty()) {
    if (auto done = percentiles(question, wanted, gathered); !done) return std::unexpected(done.error());
  }
  return gathered;
}

Result<> Gatherer::sums(const Question& question, const std::vector<Measure>& measures, Gathered& gathered) {
  const Plan plan = plan_of(question.query, grain_, scope_, question.pieces, readings_.progress(), false);
  gathered.few = readings_.takes(question, false);
  note_dropped(plan);
  const std::vector<Part> wanted = parts_of(measures);
  if (gathered.few && question.top == nullptr) {
    auto sums = readings_.sums(question, wanted);
    if (!sums) return std::unexpected(sums.error());
    for (const auto& [keys, parts] : *sums) add_parts(gathered.groups[keys], wanted, parts);
    return {};
  }
  const auto rows = session_.run(sums_sql(question, plan, wanted));
  if (!rows) return std::unexpected(rows.error());
  const size_t dimensions = question.query.dimensions.size();
  std::vector<Int128> parts(wanted.size());
  for (size_t row = 0; row < rows->size(); ++row) {
    for (size_t i = 0; i < wanted.size(); ++i) parts[i] = rows->at(row, dimensions + i).value_or(0);
    add_parts(gathered.groups[keys_at(*rows, row, dimensions)], wanted, parts);
  }
  // What was corrected away leaves keys behind that no receipt has.
  if (dimensions > 0) std::erase_if(gathered.groups, [](const auto& group) { return group.second.sums.front() == 0; });
  if (gathered.groups.size() <= kMaxGroups) return {};
  return too_many_groups();
}

void Gatherer::add_parts(Figures& figures, const std::vector<Part>& parts, const std::vector<Int128>& sums) const {
  figures.sums.resize(parts_.size());
  for (size_t i = 0; i < parts.size(); ++i)
    figures.sums[static_cast<size_t>(std::ranges::find(parts_, parts[i]) - parts_.begin())] += sums[i];
}

Result<> Gatherer::percentiles(const Question& question, const std::vector<Measure>& wanted, Gathered& gathered) {
  const auto exactly_so = exactly(question.query, question.pieces);
  if (!exactly_so) return std::unexpected(exactly_so.error());
  gathered.exact = *exactly_so;
  return gathered.exact ? exact(question, gathered.groups) : sketches(question, wanted, gathered.groups);
}

Result<bool> Gatherer::exactly(const Query& query, const std::vector<OffsetPiece>& pieces) {
  if (percentiles_.empty()) return false;
  const auto receipts = readings_.receipts_in(query.range);
  if (!receipts) return std::unexpected(receipts.error());
  const bool rolled_up = plan_of(query, grain_, scope_, pieces, readings_.progress(), true).cube != nullptr;
  return *receipts <= exact_rows_ || (!rolled_up && !counts_buckets(query));
}

Result<> Gatherer::exact(const Question& question, Groups& groups) {
  const Plan plan{nullptr,
                  {{nullptr, question.query.range.from.time_since_epoch().count(),
                    question.query.range.to.time_since_epoch().count(), 0}}};
  note_dropped(plan);
  const auto rows = session_.run(quantiles_sql(question, plan, percentiles_));
  if (!rows) return std::unexpected(rows.error());
  const size_t dimensions = question.query.dimensions.size();
  for (size_t row = 0; row < rows->size(); ++row) {
    const auto group = groups.find(keys_at(*rows, row, dimensions));
    if (group == groups.end()) continue;
    for (size_t i = 0; i < percentiles_.size(); ++i) {
      const auto& value = rows->at(row, dimensions + i);
      group->second.exact.push_back(value ? Cell(static_cast<std::int64_t>(*value)) : Cell());
    }
  }
  return {};
}

Result<> Gatherer::sketches(const Question& question, const std::vector<Measure>& wanted, Groups& groups) {
  const Plan plan = plan_of(question.query, grain_, scope_, question.pieces, readings_.progress(), true);
  note_dropped(plan);
  std::array<bool, kDurationCount> durations{};
  for (const Measure measure : wanted) durations[duration_of(measure)] = true;
  percentile_error_ = kSketchError;
  if (question.top != nullptr || !readings_.takes(question, true))
    return count_buckets(question, plan, durations, groups);
  auto counts = readings_.sketches(question, durations);
  if (!counts) return std::unexpected(counts.error());
  for (auto& [keys, sketches] : *counts) {
    if (const auto group = groups.find(keys); group != groups.end()) group->second.sketches = std::move(sketches);
  }
  return {};
}

Result<> Gatherer::count_buckets(const Question& question, const Plan& plan,
                                 const std::array<bool, kDurationCount>& durations, Groups& groups) {
  const auto rows = session_.run(sketch_sql(question, plan, durations));
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() > kMaxSketchRows) return too_many_buckets();
  const size_t dimensions = question.query.dimensions.size();
  for (size_t row = 0; row < rows->size(); ++row) {
    const auto group = groups.find(keys_at(*rows, row, dimensions));
    const auto duration = static_cast<size_t>(rows->integer(row, dimensions));
    if (group == groups.end() || duration >= kDurationCount) continue;
    group->second.sketches[duration].emplace_back(static_cast<std::int32_t>(rows->integer(row, dimensions + 1)),
                                                  rows->integer(row, dimensions + 2));
  }
  return {};
}

void Gatherer::note_dropped(const Plan& plan) {
  for (const Source& source : plan.sources) {
    if (source.cube == nullptr && source.after == 0 && source.from_us < readings_.progress().dropped_us)
      incomplete_before_us_ = readings_.progress().dropped_us;
  }
}

Figures Gatherer::none() const {
  Figures figures;
  figures.sums.resize(parts_.size());
  return figures;
}

Cells Gatherer::cells(const Figures& figures, const std::vector<Measure>& measures) const {
  Cells cells;
  for (const Measure measure : measures) {
    if (!is_percentile(measure)) {
      cells.push_back(measure_of(measure, parts_, figures.sums));
    } else if (figures.exact.empty()) {
      const auto value = sketch_percentile(figures.sketches[duration_of(measure)], per_cent_of(measure));
      cells.push_back(value ? Cell(*value) : Cell());
    } else {
      cells.push_back(
          figures.exact[static_cast<size_t>(std::ranges::find(percentiles_, measure) - percentiles_.begin())]);
    }
  }
  return cells;
}

} // namespace kairos::store
