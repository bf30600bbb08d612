#include "alerts/testing/scripted_world.h"

#include <cstdlib>
#include <sstream>

namespace kairos::alerts {
namespace {

store::Cell cell_of(store::Measure measure, const std::string& value) {
  switch (store::type_of(measure)) {
  case store::ColumnType::kMoney:
    return store::Money{parse_usd(value)->value()};
  case store::ColumnType::kReal:
    return std::strtod(value.c_str(), nullptr);
  default:
    return static_cast<std::int64_t>(std::strtoll(value.c_str(), nullptr, 10));
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

} // namespace

void ScriptedWorld::set(WallTime from, const std::string& group, const std::string& value) {
  const size_t slash = value.find('/');
  Point point{value != "-", value.substr(0, slash),
              slash == value.npos ? 1 : std::strtoll(value.c_str() + slash + 1, nullptr, 10)};
  groups_[group][from] = point;
}

void ScriptedWorld::set_budget(WallTime from, ledger::BudgetStatus status) {
  budgets_[status.spec.id][from] = std::move(status);
}

const ScriptedWorld::Point* ScriptedWorld::at(const std::string& group, WallTime time) const {
  const auto& points = groups_.at(group);
  const auto after = points.lower_bound(time);
  return after == points.begin() || !std::prev(after)->second.known ? nullptr : &std::prev(after)->second;
}

void ScriptedWorld::add_row(store::Table& table, const store::Query& query, const std::string& group,
                            WallTime time) const {
  const Point* point = at(group, time);
  if (point == nullptr) return;
  std::vector<store::Cell> row;
  const std::vector<std::string> values = group == "-" ? std::vector<std::string>() : split(group);
  for (size_t i = 0; i < query.dimensions.size(); ++i) row.emplace_back(values.at(i));
  for (const store::Measure measure : query.measures) {
    row.push_back(measure == store::Measure::kRequests ? store::Cell(point->requests) : cell_of(measure, point->value));
  }
  table.rows.push_back(std::move(row));
}

Result<store::Table> ScriptedWorld::answer(const store::Query& query) const {
  ++queries;
  if (auto good = store::check(query); !good) return std::unexpected(good.error());
  store::Table table;
  for (const auto& [group, points] : groups_) add_row(table, query, group, query.range.to);
  return table;
}

Inputs ScriptedWorld::inputs() const {
  Inputs inputs;
  inputs.query = [this](const store::Query& query) { return answer(query); };
  inputs.budgets = [this](WallTime now) {
    std::vector<ledger::BudgetStatus> all;
    for (const auto& [id, points] : budgets_) {
      const auto after = points.upper_bound(now);
      if (after != points.begin()) all.push_back(std::prev(after)->second);
    }
    return all;
  };
  inputs.gauges = [this](config::AlertSignal signal, WallTime now) {
    std::vector<Reading> readings;
    for (const auto& [group, points] : groups_) {
      const Point* point = at(group, now + std::chrono::microseconds(1));
      if (point == nullptr) continue;
      Reading& reading = readings.emplace_back();
      if (group != "-") reading.labels = {{"provider", group}};
      reading.value = *parse_level(point->value, signal == config::AlertSignal::kLag ? Unit::kSeconds : Unit::kShare);
      reading.samples = point->requests;
    }
    return readings;
  };
  return inputs;
}

} // namespace kairos::alerts
