// A world for tests: values per group as step functions of time, from which the analytics query, budgets and gauges are
// answered as of any moment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "alerts/evaluation.h"

namespace kairos::alerts {

class ScriptedWorld {
public:
  /// `group`: values of the rule's dimensions, joined by ','; "-" for none. `value`: "0.05/100" (value/requests) or
  /// "-".
  void set(WallTime from, const std::string& group, const std::string& value);
  void set_budget(WallTime from, ledger::BudgetStatus status);

  Inputs inputs() const;
  mutable size_t queries = 0;

private:
  struct Point {
    bool known = false;
    std::string value;
    std::int64_t requests = 0;
  };
  const Point* at(const std::string& group, WallTime time) const;
  Result<store::Table> answer(const store::Query& query) const;
  void add_row(store::Table& table, const store::Query& query, const std::string& group, WallTime time) const;

  std::map<std::string, std::map<WallTime, Point>> groups_;
  std::map<std::string, std::map<WallTime, ledger::BudgetStatus>> budgets_;
};

} // namespace kairos::alerts
