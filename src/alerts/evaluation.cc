#include "alerts/evaluation.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::alerts {
namespace {

using config::AlertSignal;

constexpr size_t kMaxRows = 20'000;
constexpr int kAnomalyDays = 7;
constexpr int kQuarters = 4; // of a sustained rule's window
constexpr Duration kDay = std::chrono::hours(24);

bool grouped(const Rule& rule, const store::DimensionRef& dimension) {
  return std::ranges::find(rule.group_by, dimension) != rule.group_by.end();
}

bool has(const std::vector<std::string>& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

/// Of filters on grouped dimensions; the others are in the query.
bool passes(const Rule& rule, const Labels& labels) {
  for (const auto& [dimension, values] : rule.spec.filters) {
    const auto label = std::ranges::find(labels, dimension, &std::pair<std::string, std::string>::first);
    if (label != labels.end() && !has(values, label->second)) return false;
  }
  return true;
}

const std::string& text_of(const store::Cell& cell) {
  static const std::string kEmpty;
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? kEmpty : *text;
}

using ByGroup = std::map<std::string, const Reading*>;
ByGroup by_group(const std::vector<Reading>& readings) {
  ByGroup map;
  for (const Reading& one : readings) map.emplace(group_key(one.labels), &one);
  return map;
}

store::TimeRange moved(WallTime end, Duration window, Duration shift) {
  const auto step = [](Duration by) { return std::chrono::duration_cast<std::chrono::microseconds>(by); };
  const WallTime to = end - step(shift);
  return {std::max(to - step(window), WallTime{}), to};
}

std::string days_left(const ledger::BudgetStatus& status, WallTime now) {
  if (!status.period_ends) return "";
  const auto left = std::chrono::floor<std::chrono::days>(*status.period_ends - now).count();
  return fmt::format("{}", std::max<std::int64_t>(left, 0));
}

} // namespace

std::vector<Duration> Evaluation::shifts_of(const Rule& rule) {
  if (rule.spec.signal == AlertSignal::kDrift) return {Duration::zero(), rule.spec.baseline};
  std::vector<Duration> shifts = {Duration::zero()};
  const bool quarters = rule.spec.signal == AlertSignal::kSustained;
  for (int i = 1; quarters && i < kQuarters; ++i) shifts.push_back(i * span_of(rule));
  if (rule.spec.signal != AlertSignal::kAnomaly) return shifts;
  for (int day = 1; day <= kAnomalyDays; ++day) shifts.push_back(day * kDay);
  return shifts;
}

Duration Evaluation::span_of(const Rule& rule) {
  return rule.spec.signal == AlertSignal::kSustained ? rule.spec.window / kQuarters : rule.spec.window;
}

std::string Evaluation::key_of(const Rule& rule, Duration shift) {
  std::string key = fmt::format("{}/{}", span_of(rule).count(), shift.count());
  for (const store::DimensionRef& one : rule.group_by) key += "|" + store::name(one);
  for (const store::ValueFilter& filter : rule.filters) {
    if (grouped(rule, filter.field)) continue;
    key += "/" + store::name(filter.field);
    for (const std::string& value : filter.values) key += fmt::format("={}:{}", value.size(), value);
  }
  return key;
}

Evaluation::Question& Evaluation::question(const Rule& rule, Duration shift) {
  const auto [at, fresh] = questions_.try_emplace(key_of(rule, shift));
  store::Query& query = at->second.query;
  if (!fresh) return at->second;
  query.measures = {store::Measure::kRequests};
  query.dimensions = rule.group_by;
  for (const store::ValueFilter& filter : rule.filters) {
    if (!grouped(rule, filter.field)) query.filters.values.push_back(filter);
  }
  query.range = moved(end_, span_of(rule), shift);
  query.order = {{store::Measure::kRequests, true}};
  query.limit = kMaxRows;
  return at->second;
}

void Evaluation::add(const Rule& rule) {
  if (!rule.asks_store()) return;
  for (const Duration shift : shifts_of(rule)) {
    std::vector<store::Measure>& measures = question(rule, shift).query.measures;
    if (std::ranges::find(measures, rule.measure) == measures.end()) measures.push_back(rule.measure);
  }
}

Result<std::vector<Evaluation::Row>> Evaluation::ask(const Question& question) {
  const store::Query& query = question.query;
  ++asked_;
  const auto table = inputs_.query(query);
  if (!table) return std::unexpected(table.error());
  std::vector<Row> rows;
  const size_t width = query.dimensions.size();
  for (const std::vector<store::Cell>& cells : table->rows) {
    if (cells.size() < width + query.measures.size()) return fail(Code::kInternal, "the store's answer lacks columns");
    Row& row = rows.emplace_back();
    for (size_t i = 0; i < width; ++i) row.labels.emplace_back(store::name(query.dimensions[i]), text_of(cells[i]));
    for (size_t i = 0; i < query.measures.size(); ++i) row.values.push_back(level_of(cells[width + i]));
    row.requests = row.values.front().value_or(0) / scale(Unit::kCount);
  }
  return rows;
}

Result<std::vector<Reading>> Evaluation::rows(const Rule& rule, Duration shift) {
  Question& asked = question(rule, shift);
  if (!asked.answer) asked.answer = ask(asked);
  if (!*asked.answer) return std::unexpected(asked.answer->error());
  const auto& measures = asked.query.measures;
  const auto column = static_cast<size_t>(std::ranges::find(measures, rule.measure) - measures.begin());
  std::vector<Reading> readings;
  for (const Row& row : **asked.answer) {
    if (!passes(rule, row.labels)) continue;
    Reading& reading = readings.emplace_back();
    reading.labels = row.labels;
    reading.value = row.values[column];
    reading.samples = row.requests;
  }
  if (rule.group_by.empty() && readings.empty())
    readings.emplace_back(); // nothing happened at all, which no_data: alert wants to know
  return readings;
}

/// The worst quarter of each group. All must have data: two good hours are not two good days. Not hours: a percentile
/// of a handful of requests says nothing.
Result<std::vector<Reading>> Evaluation::sustained(const Rule& rule) {
  struct Sum {
    Reading worst;
    int quarters = 0;
  };
  std::map<std::string, Sum> groups;
  for (const Duration shift : shifts_of(rule)) {
    const auto quarter = rows(rule, shift);
    if (!quarter) return quarter;
    for (const Reading& one : *quarter) {
      Sum& sum = groups[group_key(one.labels)];
      sum.worst.labels = one.labels;
      sum.worst.samples += one.samples;
      if (!one.value) continue;
      ++sum.quarters;
      const bool below = rule.spec.bound == config::AlertBound::kBelow;
      const Level last = sum.worst.value.value_or(*one.value);
      sum.worst.value = below ? std::max(last, *one.value) : std::min(last, *one.value);
    }
  }
  std::vector<Reading> readings;
  for (auto& [key, sum] : groups) {
    if (sum.quarters < kQuarters) sum.worst.value.reset();
    readings.push_back(std::move(sum.worst));
  }
  return readings;
}

Result<std::vector<Reading>> Evaluation::drift(const Rule& rule) {
  auto now = rows(rule, Duration::zero());
  const auto before = rows(rule, rule.spec.baseline);
  if (!now || !before) return now ? before : now;
  const ByGroup baseline = by_group(*before);
  for (Reading& reading : *now) {
    const auto found = baseline.find(group_key(reading.labels));
    const Reading* base = found == baseline.end() ? nullptr : found->second;
    const bool known = reading.value && base != nullptr && base->value && base->samples >= rule.spec.min_samples;
    const bool enough = known && reading.value >= rule.least.value_or(*reading.value);
    if (known) {
      reading.details = {{"now", print(*reading.value, rule.measure_unit)},
                         {"before", print(*base->value, rule.measure_unit)}};
    }
    reading.value = !known ? std::nullopt : enough ? quotient(*reading.value, *base->value) : std::optional<Level>(0);
  }
  return now;
}

/// The median of seven days: one that was unusual itself does not hide the next.
Result<std::vector<Reading>> Evaluation::anomaly(const Rule& rule) {
  auto now = rows(rule, Duration::zero());
  if (!now) return now;
  std::map<std::string, std::vector<Level>> history;
  for (int day = 1; day <= kAnomalyDays; ++day) {
    const auto before = rows(rule, day * kDay);
    if (!before) return before;
    for (const Reading& one : *before) history[group_key(one.labels)].push_back(one.value.value_or(0));
  }
  for (Reading& reading : *now) {
    std::vector<Level>& days = history[group_key(reading.labels)];
    days.resize(kAnomalyDays, 0); // a day on which nothing was done is a day
    std::ranges::nth_element(days, days.begin() + kAnomalyDays / 2);
    const Level usual = days[kAnomalyDays / 2];
    if (!reading.value || usual <= 0) {
      reading.value.reset();
      continue;
    }
    reading.details = {{"now", print(*reading.value, rule.measure_unit)}, {"before", print(usual, rule.measure_unit)}};
    const bool enough = *reading.value >= rule.least.value_or(*reading.value);
    reading.value = enough ? quotient(*reading.value, usual) : std::optional<Level>(0);
  }
  return now;
}

std::vector<Reading> Evaluation::budgets(const Rule& rule) const {
  std::vector<Reading> readings;
  for (const ledger::BudgetStatus& status : inputs_.budgets(now_)) {
    Reading reading;
    reading.labels = {{"budget", status.spec.id}, {"tenant", status.spec.scope.tenant}};
    if (!passes(rule, reading.labels)) continue;
    const bool level = rule.spec.signal == AlertSignal::kBudget;
    const auto amount = level ? std::optional(status.spent) : status.projected;
    if (amount) reading.value = quotient(amount->value(), status.spec.cap.value());
    reading.samples = rule.spec.min_samples;
    reading.epoch = status.period;
    reading.details = {{"spent", print(status.spent.value(), Unit::kUsd)},
                       {"cap", print(status.spec.cap.value(), Unit::kUsd)},
                       {"days_left", days_left(status, now_)},
                       {"period", status.period}};
    readings.push_back(std::move(reading));
  }
  return readings;
}

Result<std::vector<Reading>> Evaluation::readings(const Rule& rule) {
  switch (rule.spec.signal) {
  case AlertSignal::kMeasure:
    return rows(rule, Duration::zero());
  case AlertSignal::kSustained:
    return sustained(rule);
  case AlertSignal::kDrift:
    return drift(rule);
  case AlertSignal::kAnomaly:
    return anomaly(rule);
  case AlertSignal::kBudget:
  case AlertSignal::kBudgetProjection:
    return budgets(rule);
  case AlertSignal::kLag:
  case AlertSignal::kProviderHealth:
    break;
  }
  std::vector<Reading> readings = inputs_.gauges(rule.spec.signal, now_);
  std::erase_if(readings, [&](const Reading& one) { return !passes(rule, one.labels); });
  for (Reading& one : readings) one.samples = std::max(one.samples, rule.spec.min_samples);
  return readings;
}

} // namespace kairos::alerts
