// The rules that ship switched on, in the language of the configuration. `privacy_dropped` counts candidates that the
// privacy filter took out.
#include <cassert>

#include "alerts/rule.h"

namespace kairos::alerts {
namespace {

constexpr std::string_view kRules[] = {
    R"({id: budget-level, title: Budget nearly used, signal: budget, above: 85%, severity: warn, repeat: 24h})",
    R"({id: budget-used-up, title: Budget used up, signal: budget, above: 98%, severity: critical, repeat: 24h})",
    R"({id: budget-projection, title: Budget will not last, signal: budget_projection, above: 110%, clear: 100%, for: 30m,
        severity: warn, repeat: 24h})",
    R"({id: latency-drift, title: Slower than usual, signal: drift, measure: latency_p95, above: 1.5, clear: 1.25, window: 1h,
        least: 500, for: 10m, resolve_after: 10m, min_samples: 50, group_by: [model]})",
    R"({id: fallback-rate, title: Many fallbacks, measure: fallback_rate, above: 10%, clear: 7%, window: 15m, for: 5m,
        resolve_after: 5m, min_samples: 50})",
    R"({id: error-rate, title: Many errors, measure: error_rate, above: 5%, clear: 3%, window: 10m, for: 3m,
        resolve_after: 5m, min_samples: 30, severity: critical, group_by: [provider]})",
    R"({id: refusal-rate, title: Many requests refused, measure: refusal_rate, above: 20%, clear: 15%, window: 15m, for: 5m,
        resolve_after: 5m, min_samples: 20, group_by: [tenant]})",
    R"({id: cache-hit-drop, title: Cache hits less often than usual, signal: drift, measure: cache_hit_rate, below: 0.5,
        clear: 0.7, window: 6h, least: 0, for: 30m, min_samples: 200, severity: info, group_by: [category]})",
    R"({id: classifier-confidence, title: Classifier unsure, measure: confidence, below: 0.45, clear: 0.5, window: 1h,
        for: 15m, min_samples: 100, severity: info})",
    R"({id: spend-anomaly-tenant, title: Unusual spend, signal: anomaly, measure: cost, above: 3, clear: 2, least: 1,
        window: 1h, resolve_after: 30m, min_samples: 10, group_by: [tenant]})",
    R"({id: spend-anomaly-workflow, title: Unusual spend, signal: anomaly, measure: cost, above: 4, clear: 2.5, least: 1,
        window: 1h, resolve_after: 30m, min_samples: 10, group_by: [tenant, workflow]})",
    R"({id: projection-lag, title: Receipts arrive late, signal: lag, above: 60, clear: 10, for: 1m, severity: critical})",
    R"({id: provider-health, title: Provider failing, signal: provider_health, above: 50%, clear: 1%, for: 1m,
        resolve_after: 2m})",
    R"({id: privacy-drops, title: Privacy filter, measure: privacy_dropped, above: 1, window: 24h, severity: info,
        group_by: [tenant], repeat: 0s})",
    R"({id: latency-target, title: Latency on target, signal: sustained, measure: latency_p95, below: 800, clear: 900,
        window: 48h, min_samples: 200, severity: ok, group_by: [model], repeat: 0s})",
    R"({id: cache-hits-up, title: Cache pays, measure: cache_hit_rate, above: 40%, clear: 35%, window: 24h, min_samples: 50,
        severity: ok, group_by: [category], repeat: 0s})",
};

std::vector<config::AlertRule> read_all() {
  std::vector<config::AlertRule> rules;
  for (const std::string_view text : kRules) {
    auto rule = config::parse_alert_rule(text, "built-in rule");
    assert(rule && "a built-in rule does not parse; rule_test names it");
    if (!rule) continue;
    rule->origin = config::AlertOrigin::kBuiltIn;
    rules.push_back(std::move(*rule));
  }
  return rules;
}

} // namespace

const std::vector<config::AlertRule>& built_in_rules() {
  static const std::vector<config::AlertRule> kAll = read_all();
  return kAll;
}

} // namespace kairos::alerts
