#include "alerts/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "store/time_buckets.h"

namespace kairos::alerts {
namespace {

using config::AlertSignal;

constexpr size_t kMaxGroupBy = 3;
constexpr Duration kSlowest = std::chrono::minutes(15);

std::unexpected<Error> wrong(const config::AlertRule& spec, std::string_view field, std::string_view why) {
  const std::string place =
      spec.line > 0 && spec.origin == config::AlertOrigin::kFile ? fmt::format(" (line {})", spec.line) : "";
  return fail(Code::kInvalid, fmt::format("rule {}{}: {}: {}", spec.id, place, field, why));
}

Result<> resolve_measure(const config::AlertRule& spec, Rule& rule) {
  const bool needed = rule.asks_store();
  if (!needed && !spec.measure.empty())
    return wrong(spec, "measure", fmt::format("signal {} has none; remove it", name(spec.signal)));
  if (!needed) return {};
  const auto found = std::ranges::find(store::kMeasureNames, spec.measure);
  if (found == store::kMeasureNames.end()) {
    return wrong(spec, "measure",
                 spec.measure.empty() ? std::string("is missing; for example error_rate")
                                      : fmt::format("there is no measure '{}'", spec.measure));
  }
  rule.measure = static_cast<store::Measure>(found - store::kMeasureNames.begin());
  rule.measure_unit = unit_of(rule.measure);
  return {};
}

Unit unit_of_signal(const Rule& rule) {
  switch (rule.spec.signal) {
  case AlertSignal::kDrift:
  case AlertSignal::kAnomaly:
    return Unit::kFactor;
  case AlertSignal::kBudget:
  case AlertSignal::kBudgetProjection:
  case AlertSignal::kProviderHealth:
    return Unit::kShare;
  case AlertSignal::kLag:
    return Unit::kSeconds;
  case AlertSignal::kMeasure:
  case AlertSignal::kSustained:
    break;
  }
  return rule.measure_unit;
}

Result<> resolve_levels(const config::AlertRule& spec, Rule& rule) {
  const auto threshold = parse_level(spec.threshold, rule.unit);
  if (!threshold)
    return wrong(spec, spec.bound == config::AlertBound::kAbove ? "above" : "below", threshold.error().message);
  rule.threshold = *threshold;
  const auto clear = spec.clear.empty() ? threshold : parse_level(spec.clear, rule.unit);
  if (!clear) return wrong(spec, "clear", clear.error().message);
  rule.clear = *clear;
  const bool inside =
      spec.bound == config::AlertBound::kAbove ? rule.clear <= rule.threshold : rule.clear >= rule.threshold;
  if (!inside) return wrong(spec, "clear", "lies on the wrong side of the threshold: it would never resolve");
  if (spec.least.empty()) return {};
  const auto least = parse_level(spec.least, rule.measure_unit);
  if (!least) return wrong(spec, "least", least.error().message);
  rule.least = *least;
  return {};
}

Result<store::DimensionRef> dimension(const config::AlertRule& spec, std::string_view field, const std::string& text) {
  const auto found = store::parse_dimension(text);
  if (found && found->dimension != store::Dimension::kTime && found->dimension != store::Dimension::kAttemptReason)
    return *found;
  return wrong(spec, field, fmt::format("there is no dimension '{}' to use here", text.substr(0, 60)));
}

Result<> resolve_groups(const config::AlertRule& spec, Rule& rule) {
  if (!rule.asks_store() && !spec.group_by.empty())
    return wrong(spec, "group_by", "this signal has groups of its own; remove it");
  if (spec.group_by.size() > kMaxGroupBy) return wrong(spec, "group_by", fmt::format("at most {}", kMaxGroupBy));
  for (const std::string& text : spec.group_by) {
    const auto one = dimension(spec, "group_by", text);
    if (!one) return std::unexpected(one.error());
    if (std::ranges::find(rule.group_by, *one) != rule.group_by.end())
      return wrong(spec, "group_by", text + " is there twice");
    rule.group_by.push_back(*one);
  }
  for (const auto& [text, values] : spec.filters) {
    if (values.empty()) return wrong(spec, "filters", text + " has no values");
    if (!rule.asks_store() && text != "budget" && text != "tenant" && text != "provider") {
      return wrong(spec, "filters", "this signal knows only budget, tenant and provider");
    }
    if (!rule.asks_store()) continue;
    const auto one = dimension(spec, "filters", text);
    if (!one) return std::unexpected(one.error());
    rule.filters.push_back({*one, values, false});
  }
  return {};
}

Result<> check_zones(const config::AlertRule& spec) {
  const store::TimeRange day{WallTime{}, WallTime{} + std::chrono::hours(24)};
  for (const config::AlertMute& mute : spec.mute) {
    if (!store::offset_pieces(mute.time_zone, day))
      return wrong(spec, "mute.time_zone", fmt::format("there is no time zone '{}'", mute.time_zone.substr(0, 60)));
  }
  return {};
}

std::string identity_of(const config::AlertRule& spec) {
  std::string text = fmt::format("{} {} {} {}", name(spec.signal), spec.measure,
                                 spec.bound == config::AlertBound::kAbove, spec.window.count());
  for (const std::string& one : spec.group_by) text += "|" + one;
  for (const auto& [key, values] : spec.filters) {
    text += "/" + key;
    for (const std::string& value : values) text += fmt::format("={}:{}", value.size(), value);
  }
  return text;
}

} // namespace

Result<RulePtr> compile(const config::AlertRule& spec, Duration interval) {
  auto rule = std::make_shared<Rule>();
  rule->spec = spec;
  if (auto done = resolve_measure(spec, *rule); !done) return std::unexpected(done.error());
  rule->unit = unit_of_signal(*rule);
  if (auto done = resolve_levels(spec, *rule); !done) return std::unexpected(done.error());
  if (auto done = resolve_groups(spec, *rule); !done) return std::unexpected(done.error());
  if (auto done = check_zones(spec); !done) return std::unexpected(done.error());
  const bool hours = spec.signal == AlertSignal::kSustained;
  if (hours && spec.window < std::chrono::hours(2))
    return wrong(spec, "window", "must be at least 2h: sustained looks at each quarter of it");
  // A window of two days moves little in 30 seconds: asking often would only cost.
  Duration every = std::max(interval, std::min<Duration>(spec.window / 60, kSlowest));
  if (spec.signal == AlertSignal::kAnomaly) every = std::max<Duration>(every, interval * 10);
  if (!rule->asks_store()) every = interval;
  rule->every = every / interval * interval;
  rule->identity = identity_of(spec);
  return rule;
}

Result<std::vector<RulePtr>> compile_all(const config::Alerts& section,
                                         const std::vector<config::AlertRule>& from_api) {
  std::map<std::string, const config::AlertRule*> chosen;
  if (section.built_in_rules) {
    for (const config::AlertRule& rule : built_in_rules()) chosen[rule.id] = &rule;
  }
  for (const config::AlertRule& rule : section.rules) chosen[rule.id] = &rule;
  for (const config::AlertRule& rule : from_api) {
    const auto there = chosen.find(rule.id);
    if (there != chosen.end() && there->second->origin == config::AlertOrigin::kFile) {
      return fail(Code::kConflict,
                  fmt::format("alert rule {} is in the configuration file and was made through the API too; remove one",
                              rule.id));
    }
    chosen[rule.id] = &rule;
  }
  std::vector<RulePtr> rules;
  for (const auto& [id, spec] : chosen) {
    auto rule = compile(*spec, section.interval);
    if (!rule) return std::unexpected(rule.error());
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::string group_key(const Labels& labels) {
  std::string key;
  for (const auto& [name, value] : labels) key += fmt::format("{}={}:{};", name, value.size(), value);
  return key;
}

} // namespace kairos::alerts
