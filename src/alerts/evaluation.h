// From rules to readings: which questions have to be asked at one time, and what the answers mean. Rules that look at
// the same window, grouping and filters share one query, whatever they measure and wherever their thresholds lie;
// filters on a grouped dimension are applied to the answer.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "alerts/rule.h"
#include "ledger/budget.h"
#include "store/query.h"

namespace kairos::alerts {

/// Where values come from. Called on the engine's thread, or a preview's.
struct Inputs {
  std::function<Result<store::Table>(const store::Query&)> query;
  std::function<std::vector<ledger::BudgetStatus>(WallTime now)> budgets;
  /// Readings of lag (no labels, seconds) and provider_health (label provider, share).
  std::function<std::vector<Reading>(config::AlertSignal signal, WallTime now)> gauges;
};

/// All rules at one time. `end`: where windows end.
class Evaluation {
public:
  Evaluation(const Inputs& inputs, WallTime now, WallTime end) : inputs_(inputs), now_(now), end_(end) {}

  /// Must be called for every rule before the first readings(), so that they share queries.
  void add(const Rule& rule);
  /// An error: the rule cannot be judged now, and stays as it is.
  Result<std::vector<Reading>> readings(const Rule& rule);
  size_t queries() const { return asked_; }

private:
  struct Row {
    Labels labels;
    std::vector<std::optional<Level>> values; // in the order of Question::measures
    std::int64_t requests = 0;
  };
  struct Question {
    store::Query query;
    std::optional<Result<std::vector<Row>>> answer;
  };

  static std::string key_of(const Rule& rule, Duration shift);
  static std::vector<Duration> shifts_of(const Rule& rule);
  static Duration span_of(const Rule& rule); // of one of its queries
  Question& question(const Rule& rule, Duration shift);
  /// The rule's rows: filtered, with the column of its measure first.
  Result<std::vector<Reading>> rows(const Rule& rule, Duration shift);
  Result<std::vector<Row>> ask(const Question& question);

  Result<std::vector<Reading>> sustained(const Rule& rule);
  Result<std::vector<Reading>> drift(const Rule& rule);
  Result<std::vector<Reading>> anomaly(const Rule& rule);
  std::vector<Reading> budgets(const Rule& rule) const;

  const Inputs& inputs_;
  const WallTime now_;
  const WallTime end_;
  std::map<std::string, Question> questions_;
  size_t asked_ = 0;
};

} // namespace kairos::alerts
