#include "store/duckdb/readings.h"

#include <algorithm>

#include "store/query_json.h"

namespace kairos::store {
namespace {

constexpr double kSumsTogether = 4000; // groups that are worth saving another statement; of raw rows also alone
constexpr double kSketchesTogether = 150;

std::string base_of(const Query& query, Grain grain, bool sketch) {
  Query same;
  same.measures = {Measure::kReceipts};
  same.filters = query.filters;
  same.range = query.range;
  same.time_zone = query.time_zone;
  return to_json(same) + (grain == Grain::kAttempt ? 'a' : 'r') + (sketch ? 's' : '-');
}

template <class T>
bool holds(const std::vector<T>& all, const std::vector<T>& some) {
  return std::ranges::all_of(some, [&](const T& one) { return std::ranges::find(all, one) != all.end(); });
}

template <class T>
void unite(std::vector<T>& all, const std::vector<T>& more) {
  for (const T& one : more) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  }
}

/// Where each of `wanted` stands in `all`.
template <class T>
std::vector<size_t> places(const std::vector<T>& all, const std::vector<T>& wanted) {
  std::vector<size_t> out;
  for (const T& one : wanted) out.push_back(static_cast<size_t>(std::ranges::find(all, one) - all.begin()));
  return out;
}

bool by_time(const Query& query) {
  return std::ranges::find(query.dimensions, Dimension::kTime, &DimensionRef::dimension) != query.dimensions.end();
}

Keys picked(const Keys& keys, const std::vector<size_t>& places) {
  Keys out;
  out.reserve(places.size());
  for (const size_t place : places) out.push_back(keys[place]);
  return out;
}

constexpr std::array<std::int64_t, kIntervalNames.size()> kIntervalUs = {
    60'000'000, kHourUs, kDayUs, 7 * kDayUs, 28 * kDayUs, 90 * kDayUs, 365 * kDayUs};

} // namespace

Result<> Readings::begin() {
  auto progress = read_progress(session_);
  if (!progress) return std::unexpected(progress.error());
  progress_ = *progress;
  return {};
}

Plan Readings::plan_for(const Wish& wish) const {
  return plan_of(wish.query, wish.grain, scope_, wish.pieces, progress_, wish.sketch);
}

Readings::Wish Readings::wish_of(const Question& question, bool sketch) const {
  Wish wish;
  wish.base = base_of(question.query, question.grain, sketch);
  wish.grain = question.grain;
  wish.sketch = sketch;
  wish.query = question.query;
  wish.pieces = question.pieces;
  wish.cube = plan_for(wish).cube;
  return wish;
}

bool Readings::takes(const Question& question, bool sketch) const {
  return wish_of(question, sketch).cube != nullptr || groups_of(question.query) <= kSumsTogether;
}

/// The largest roll-ups first: what must read them answers most of the others too.
void Readings::note(Wish wish) {
  if (wish.cube == nullptr && groups_of(wish.query) > kSumsTogether) return;
  const auto size = [](const Wish& one) { return std::pair(one.cube, one.query.dimensions.size()); };
  const auto place = std::ranges::upper_bound(expected_, size(wish), std::ranges::greater(), size);
  expected_.insert(place, std::move(wish));
}

void Readings::expect(const Query& query, Grain grain, const std::vector<OffsetPiece>& pieces,
                      const std::vector<Measure>& measures) {
  const Question question{query, grain, scope_, names_, pieces};
  Wish sums = wish_of(question, false);
  sums.parts = parts_of(measures);
  note(std::move(sums));
  if (std::ranges::none_of(measures, is_percentile)) return;
  Wish sketches = wish_of(question, true);
  for (const Measure measure : measures) {
    if (is_percentile(measure)) sketches.durations[duration_of(measure)] = true;
  }
  note(std::move(sketches));
}

/// At most how many groups there can be; only a guess is needed.
double Readings::groups_of(const Query& query) const {
  double groups = 1;
  for (const DimensionRef& dimension : query.dimensions) {
    const auto only = std::ranges::find_if(
        query.filters.values, [&](const ValueFilter& filter) { return filter.field == dimension && !filter.exclude; });
    if (only != query.filters.values.end()) {
      groups *= static_cast<double>(only->values.size());
    } else if (dimension.dimension == Dimension::kTime) {
      const std::int64_t length = micros(query.range.to) - micros(query.range.from);
      groups *= static_cast<double>(length) / static_cast<double>(kIntervalUs[static_cast<size_t>(query.interval)]) + 1;
    } else if (const auto kind = kind_of(dimension.dimension)) {
      groups *= static_cast<double>(names_.count(*kind));
    } else {
      groups *= static_cast<double>(std::max<size_t>(1, words_of(dimension.dimension).size()));
    }
  }
  return groups;
}

/// Whether the wish became a part of the reading.
bool Readings::take_in(Reading& reading, const Wish& wish) const {
  if (reading.state != Reading::State::kWaiting || reading.wish.base != wish.base) return false;
  const bool timed = by_time(wish.query);
  if (timed && by_time(reading.wish.query) && wish.query.interval != reading.wish.query.interval) return false;
  Wish both = reading.wish;
  if (timed) both.query.interval = wish.query.interval;
  unite(both.query.dimensions, wish.query.dimensions);
  unite(both.parts, wish.parts);
  for (size_t i = 0; i < kDurationCount; ++i) both.durations[i] = both.durations[i] || wish.durations[i];
  if (!fits_together(both, reading, wish)) return false;
  reading.wish = std::move(both);
  return true;
}

bool Readings::fits_together(const Wish& both, const Reading& reading, const Wish& wish) const {
  const bool wider = both.query.dimensions.size() != reading.wish.query.dimensions.size();
  const bool few = groups_of(both.query) <= (wish.sketch ? kSketchesTogether : kSumsTogether);
  if (wider) return few && plan_for(both).cube == reading.wish.cube;
  // Each duration more is as many rows again, and without a roll-up the raw rows as many times again.
  return few || wish.cube != nullptr || both.durations == reading.wish.durations;
}

void Readings::arrange() {
  for (Wish& wish : expected_) {
    if (std::ranges::any_of(readings_, [&](auto& reading) { return take_in(*reading, wish); })) continue;
    readings_.push_back(std::make_unique<Reading>());
    readings_.back()->wish = std::move(wish);
  }
  expected_.clear();
}

/// The reading that has what is wished for; made where nobody expected it.
Result<const Readings::Reading*> Readings::read(const Wish& wish) {
  arrange();
  for (const auto& reading : readings_) {
    const Wish& had = reading->wish;
    const bool has = had.base == wish.base && holds(had.query.dimensions, wish.query.dimensions) &&
                     (!by_time(wish.query) || had.query.interval == wish.query.interval) &&
                     holds(had.parts, wish.parts) &&
                     std::ranges::equal(had.durations, wish.durations, [](bool a, bool b) { return a || !b; });
    if (!has) continue;
    const auto done = run(*reading);
    if (done) return reading.get();
    const bool own = had.query.dimensions.size() == wish.query.dimensions.size();
    if (done.error().code != Code::kTooLarge || own) return std::unexpected(done.error());
  }
  readings_.push_back(std::make_unique<Reading>());
  readings_.back()->wish = wish;
  if (auto done = run(*readings_.back()); !done) return std::unexpected(done.error());
  return readings_.back().get();
}

/// Many questions together keep little more than the largest one may alone: what was read before is let go, and read
/// again where somebody asks for it.
void Readings::make_room() {
  constexpr size_t kRowsOfKey = 4; // about what keys and sums weigh beside a count
  size_t kept = 0;
  for (const auto& reading : readings_) kept += reading->keys.size() * kRowsOfKey + reading->counts.size();
  if (kept <= kMaxSketchRows / 2) return;
  for (const auto& reading : readings_) {
    if (reading->state != Reading::State::kDone) continue;
    reading->state = Reading::State::kWaiting;
    reading->keys = {};
    reading->sums = {};
    reading->counts = {};
  }
}

Result<> Readings::run(Reading& reading) {
  if (reading.state == Reading::State::kDone) return {};
  if (reading.state == Reading::State::kTooLarge) return too_many_groups();
  make_room();
  auto done = reading.wish.sketch ? run_sketches(reading) : run_sums(reading);
  if (done) reading.state = Reading::State::kDone;
  if (!done && done.error().code == Code::kTooLarge) reading.state = Reading::State::kTooLarge;
  return done;
}

Result<> Readings::run_sums(Reading& reading) {
  const Wish& wish = reading.wish;
  const Question question{wish.query, wish.grain, scope_, names_, wish.pieces};
  const Plan plan = plan_for(wish);
  const auto rows = session_.run(sums_sql(question, plan, wish.parts));
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() > kMaxGroups * plan.sources.size()) return too_many_groups();
  const size_t dimensions = wish.query.dimensions.size();
  for (size_t row = 0; row < rows->size(); ++row) {
    Keys& keys = reading.keys.emplace_back(dimensions);
    for (size_t d = 0; d < dimensions; ++d) keys[d] = rows->integer(row, d);
    auto& sums = reading.sums.emplace_back(wish.parts.size());
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = rows->at(row, dimensions + i).value_or(0);
  }
  return {};
}

Result<> Readings::run_sketches(Reading& reading) {
  const Wish& wish = reading.wish;
  const Question question{wish.query, wish.grain, scope_, names_, wish.pieces};
  const auto rows = session_.run(sketch_sql(question, plan_for(wish), wish.durations));
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() > kMaxSketchRows) return too_many_buckets();
  const size_t dimensions = wish.query.dimensions.size();
  std::map<Keys, size_t> groups;
  Keys keys(dimensions);
  reading.counts.reserve(rows->size());
  for (size_t row = 0; row < rows->size(); ++row) {
    for (size_t d = 0; d < dimensions; ++d) keys[d] = rows->integer(row, d);
    const auto [group, fresh] = groups.try_emplace(keys, groups.size());
    if (fresh) reading.keys.push_back(keys);
    reading.counts.push_back({group->second, static_cast<size_t>(rows->integer(row, dimensions)),
                              static_cast<std::int32_t>(rows->integer(row, dimensions + 1)),
                              rows->integer(row, dimensions + 2)});
  }
  return {};
}

Result<Readings::Sums> Readings::sums(const Question& question, const std::vector<Part>& parts) {
  Wish wish = wish_of(question, false);
  wish.parts = parts;
  const auto reading = read(wish);
  if (!reading) return std::unexpected(reading.error());
  const auto of_keys = places((*reading)->wish.query.dimensions, wish.query.dimensions);
  const auto of_parts = places((*reading)->wish.parts, parts);
  Sums groups;
  if (wish.query.dimensions.empty()) groups[{}].resize(parts.size());
  for (size_t row = 0; row < (*reading)->keys.size(); ++row) {
    std::vector<Int128>& sums = groups[picked((*reading)->keys[row], of_keys)];
    sums.resize(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) sums[i] += (*reading)->sums[row][of_parts[i]];
  }
  // What was corrected away leaves keys behind that no receipt has; parts_of puts the number of rows first.
  if (!wish.query.dimensions.empty()) std::erase_if(groups, [](const auto& group) { return group.second[0] == 0; });
  if (groups.size() > kMaxGroups) return too_many_groups();
  return groups;
}

Result<Readings::Sketches> Readings::sketches(const Question& question,
                                              const std::array<bool, kDurationCount>& durations) {
  Wish wish = wish_of(question, true);
  wish.durations = durations;
  const auto reading = read(wish);
  if (!reading) return std::unexpected(reading.error());
  const auto of_keys = places((*reading)->wish.query.dimensions, wish.query.dimensions);
  Sketches groups;
  std::vector<std::array<SketchCounts, kDurationCount>*> targets;
  for (const Keys& keys : (*reading)->keys) targets.push_back(&groups[picked(keys, of_keys)]);
  for (const Count& count : (*reading)->counts) {
    if (count.duration < kDurationCount && durations[count.duration])
      (*targets[count.group])[count.duration].emplace_back(count.bucket, count.n);
  }
  return groups;
}

Result<std::int64_t> Readings::receipts_in(const TimeRange& range) {
  const std::pair hours(micros(range.from) / kHourUs * kHourUs, micros(range.to));
  if (const auto known = receipts_.find(hours); known != receipts_.end()) return known->second;
  const auto rows =
      session_.run("SELECT sum(row_count) FROM " + std::string(kCubes[kHourCounts].table) +
                   " WHERE created >= " + sql_value(hours.first) + " AND created < " + sql_value(hours.second));
  if (!rows) return std::unexpected(rows.error());
  const std::int64_t receipts = rows->integer(0, 0) + progress_.sequence - progress_.rolled[kHourCounts];
  receipts_.emplace(hours, receipts);
  return receipts;
}

} // namespace kairos::store
