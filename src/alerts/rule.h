// A rule, checked and ready to be evaluated: the configured words plus what they mean.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alerts/value.h"
#include "config/alerts.h"
#include "store/query.h"

namespace kairos::alerts {

/// What tells one group of a rule from the others: dimension and value, in the order of group_by.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// One value of one group at one time, from whatever source.
struct Reading {
  Labels labels;
  std::optional<Level> value;
  std::int64_t samples = 0; // requests behind it
  std::string epoch;        // a budget's period: another one is another incident
  Labels details;           // for the message: spent, cap, days_left, before, …
};

struct Rule {
  config::AlertRule spec;
  store::Measure measure = store::Measure::kRequests; // of measure, sustained, drift, anomaly
  Unit measure_unit = Unit::kCount;
  Unit unit = Unit::kCount; // of value and threshold
  Level threshold = 0;
  Level clear = 0;
  std::optional<Level> least; // in measure_unit
  std::vector<store::DimensionRef> group_by;
  std::vector<store::ValueFilter> filters;
  Duration every{};     // between evaluations
  std::string identity; // of what is measured; when it changes, what was firing is over

  bool asks_store() const { return spec.signal <= config::AlertSignal::kAnomaly; }
  bool breached(Level value) const {
    return spec.bound == config::AlertBound::kAbove ? value >= threshold : value < threshold;
  }
  bool cleared(Level value) const { return spec.bound == config::AlertBound::kAbove ? value < clear : value >= clear; }
};
using RulePtr = std::shared_ptr<const Rule>;

/// kInvalid names the field: "rule acme-slow: measure: no such measure 'latency'". `interval` is the engine's.
Result<RulePtr> compile(const config::AlertRule& spec, Duration interval);

/// The rules that ship switched on, in the same language (defaults.cc).
const std::vector<config::AlertRule>& built_in_rules();

/// Built-in ones, then the file's, then the API's; a later one with a built-in's id takes its place. The same id in
/// file and API is kConflict.
Result<std::vector<RulePtr>> compile_all(const config::Alerts& section, const std::vector<config::AlertRule>& from_api);

/// JSON as the API shows it.
std::string to_json(const Rule& rule);

/// What a rule's group is called in keys: values joined, each with its length, so that no two are the same.
std::string group_key(const Labels& labels);

} // namespace kairos::alerts
