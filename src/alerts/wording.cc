#include "alerts/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace kairos::alerts {
namespace {

using config::AlertSignal;
using store::Measure;

std::string words_of(Measure measure) {
  switch (measure) {
  case Measure::kLatencyP50:
    return "median latency";
  case Measure::kLatencyP95:
    return "p95 latency";
  case Measure::kLatencyP99:
    return "p99 latency";
  case Measure::kTtftP95:
    return "p95 time to first token";
  case Measure::kErrorRate:
    return "error rate";
  case Measure::kFallbackRate:
    return "fallback rate";
  case Measure::kCacheHitRate:
    return "cache hit rate";
  case Measure::kRefusalRate:
    return "refusal rate";
  case Measure::kConfidence:
    return "classifier confidence";
  case Measure::kCost:
    return "spend";
  default:
    break;
  }
  std::string text(store::name(measure));
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string detail(const Instance& instance, std::string_view key) {
  const auto found = std::ranges::find(instance.details, key, &std::pair<std::string, std::string>::first);
  return found == instance.details.end() ? "" : found->second;
}

std::string label(const Instance& instance, std::string_view key) {
  const auto found = std::ranges::find(instance.labels, key, &std::pair<std::string, std::string>::first);
  return found == instance.labels.end() ? "" : found->second;
}

/// " on summarization", " for tenant acme, workflow nightly".
std::string whose(const Instance& instance) {
  std::string text;
  for (const auto& [key, value] : instance.labels) {
    const bool plain = key == "category" || key == "model";
    text += text.empty() ? (plain || key == "provider" ? " on " : " for ") : ", ";
    text += plain ? value : key + " " + (value.empty() ? "(none)" : value);
  }
  return text;
}

std::string value_text(const Rule& rule, const Instance& instance) {
  return instance.value && !instance.missing ? print(*instance.value, rule.unit) : "no data";
}

/// Whole days.
std::string count_of_days(const std::string& count) {
  if (count == "0") return "less than a day";
  return count == "1" ? "1 day" : count + " days";
}

std::string budget_headline(const Rule& rule, const Instance& instance) {
  const std::string left = detail(instance, "days_left");
  const std::string budget = label(instance, "budget");
  if (rule.spec.signal == AlertSignal::kBudgetProjection) {
    return fmt::format("budget {} will reach {} by the end of the period{}", budget, value_text(rule, instance),
                       left.empty() ? "" : ", " + count_of_days(left) + " left");
  }
  return fmt::format("budget {} at {}{}", budget, value_text(rule, instance),
                     left.empty() ? "" : " with " + count_of_days(left) + " left");
}

bool good_news(const Rule& rule) { return rule.spec.severity == config::AlertSeverity::kOk; }

std::string measure_headline(const Rule& rule, const Instance& instance) {
  const std::string threshold = print(rule.threshold, rule.unit);
  const std::string on = whose(instance);
  if (instance.missing) return fmt::format("no data for {}{}", words_of(rule.measure), on);
  if (rule.spec.measure == "privacy_dropped") {
    const std::string count = value_text(rule, instance);
    return fmt::format("privacy filter dropped {} candidate{}{}", count, count == "1" ? "" : "s", on);
  }
  if (good_news(rule)) return fmt::format("{} crossed {}{}", words_of(rule.measure), threshold, on);
  return fmt::format("{} {}{}", words_of(rule.measure), value_text(rule, instance), on);
}

void add_parameter(std::string& query, std::string_view key, std::string_view value) {
  if (!query.empty()) query += '&';
  query.append(key).append("=");
  for (const char c : value) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '~' || c == ':';
    query += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
}

/// One value in a list of them, as the receipts search reads it: a comma separates, a leading "!" excludes.
std::string one_of_list(std::string_view value) {
  std::string text = value.starts_with('!') ? "\\" : "";
  for (const char c : value) {
    if (c == ',' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

} // namespace

std::string print(Duration duration) {
  using namespace std::chrono;
  if (duration >= days(3) && duration % days(1) == Duration::zero()) return fmt::format("{} days", duration / days(1));
  if (duration >= hours(1) && duration % hours(1) == Duration::zero()) return fmt::format("{} h", duration / hours(1));
  if (duration >= minutes(1) && duration % minutes(1) == Duration::zero())
    return fmt::format("{} min", duration / minutes(1));
  return fmt::format("{} s", duration / seconds(1));
}

std::string headline(const Rule& rule, const Instance& instance) {
  switch (rule.spec.signal) {
  case AlertSignal::kMeasure:
    return measure_headline(rule, instance);
  case AlertSignal::kSustained:
    return fmt::format("{} {} {} for {}{}", words_of(rule.measure),
                       rule.spec.bound == config::AlertBound::kBelow ? "under" : "over",
                       print(rule.threshold, rule.unit), print(rule.spec.window), whose(instance));
  case AlertSignal::kDrift:
    return fmt::format("{} {}, {} the {} of {} before{}", words_of(rule.measure), detail(instance, "now"),
                       value_text(rule, instance), detail(instance, "before"), print(rule.spec.baseline),
                       whose(instance));
  case AlertSignal::kAnomaly:
    return fmt::format("{} {} in {}, {} the usual {}{}", words_of(rule.measure), detail(instance, "now"),
                       print(rule.spec.window), value_text(rule, instance), detail(instance, "before"),
                       whose(instance));
  case AlertSignal::kBudget:
  case AlertSignal::kBudgetProjection:
    return budget_headline(rule, instance);
  case AlertSignal::kLag:
    return fmt::format("receipts become readable only after {}", value_text(rule, instance));
  case AlertSignal::kProviderHealth:
    return fmt::format("{} of the models at provider {} cannot be used", value_text(rule, instance),
                       label(instance, "provider"));
  }
  return rule.spec.title;
}

std::string figures(const Rule& rule, const Instance& instance) {
  const std::string threshold = print(rule.threshold, rule.unit);
  if (rule.spec.signal == AlertSignal::kBudget || rule.spec.signal == AlertSignal::kBudgetProjection) {
    return fmt::format("{} of {} spent, period {}; the threshold is {}", detail(instance, "spent"),
                       detail(instance, "cap"), detail(instance, "period"), threshold);
  }
  if (!rule.asks_store()) return fmt::format("{}; the threshold is {}", value_text(rule, instance), threshold);
  return fmt::format("{} over {} in {} requests; the threshold is {}", value_text(rule, instance),
                     print(rule.spec.window), print(instance.samples * scale(Unit::kCount), Unit::kCount), threshold);
}

std::string reason(const Rule& rule) {
  std::string what = rule.asks_store() ? words_of(rule.measure) : std::string(name(rule.spec.signal));
  std::ranges::replace(what, '_', ' ');
  if (rule.spec.signal == AlertSignal::kDrift) what += " against " + print(rule.spec.baseline) + " before";
  if (rule.spec.signal == AlertSignal::kAnomaly) what += " against the last 7 days";
  std::string text =
      fmt::format("{} {} {}", what, rule.spec.bound == config::AlertBound::kAbove ? "at or above" : "below",
                  print(rule.threshold, rule.unit));
  if (rule.spec.hold > Duration::zero()) text += " for " + print(rule.spec.hold);
  for (size_t i = 0; i < rule.spec.group_by.size(); ++i) text += (i == 0 ? ", per " : " and ") + rule.spec.group_by[i];
  return text + " (rule " + rule.spec.id + ")";
}

std::string promoted(std::string_view model, std::string_view category, std::string_view version) {
  return fmt::format("model {} promoted on {} after an evaluation, router {}", model, category, version);
}

std::string receipts_query(const Rule& rule, const Instance& instance, WallTime until) {
  const Duration before = rule.asks_store() ? rule.spec.window : Duration(std::chrono::minutes(5));
  const auto from = instance.since - std::chrono::duration_cast<std::chrono::microseconds>(before);
  std::string query;
  add_parameter(query, "from", to_rfc3339(std::max(from, WallTime{})));
  add_parameter(query, "to", to_rfc3339(until));
  for (const auto& [dimension, values] : rule.spec.filters) {
    const bool here = std::ranges::find(instance.labels, dimension, &std::pair<std::string, std::string>::first) !=
                      instance.labels.end();
    if (here || dimension == "budget") continue;
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ",") + one_of_list(value);
    add_parameter(query, dimension, list);
  }
  for (const auto& [dimension, value] : instance.labels) {
    const bool named = !value.empty() || rule.asks_store(); // of receipts an empty value is one: none was given
    if (dimension != "budget" && named) add_parameter(query, dimension, one_of_list(value));
  }
  if (rule.measure == Measure::kErrorRate) add_parameter(query, "status", "error");
  if (rule.measure == Measure::kRefusalRate) add_parameter(query, "status", "refused");
  return query;
}

} // namespace kairos::alerts
