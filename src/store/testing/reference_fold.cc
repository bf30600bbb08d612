#include "store/testing/reference_fold.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace kairos::store {
namespace {

using model::Meter;
using model::Receipt;

/// One thing that is counted: a receipt, or one attempt of it.
struct Item {
  const Receipt* receipt;
  const model::Attempt* attempt; // null: the whole receipt
};

std::string time_label(WallTime time, Interval interval, const std::string& zone_name) {
  cctz::time_zone zone;
  cctz::load_time_zone(zone_name, &zone);
  const auto civil = cctz::convert(time, zone);
  if (interval == Interval::kHour || interval == Interval::kMinute) {
    const auto start = interval == Interval::kHour ? cctz::civil_second(cctz::civil_hour(civil))
                                                   : cctz::civil_second(cctz::civil_minute(civil));
    const auto into = civil - start;
    const auto floor = std::chrono::floor<std::chrono::seconds>(time) - std::chrono::seconds(into);
    return cctz::format("%Y-%m-%dT%H:%M:%SZ", floor, cctz::utc_time_zone());
  }
  cctz::civil_day day(civil);
  if (interval == Interval::kWeek) day = cctz::prev_weekday(day + 1, cctz::weekday::monday);
  const auto utc = cctz::convert(cctz::civil_second(day), cctz::utc_time_zone());
  if (interval == Interval::kYear) return cctz::format("%Y", utc, cctz::utc_time_zone());
  if (interval == Interval::kMonth) return cctz::format("%Y-%m", utc, cctz::utc_time_zone());
  if (interval == Interval::kQuarter)
    return cctz::format("%Y-Q", utc, cctz::utc_time_zone()) + std::to_string((day.month() + 2) / 3);
  return cctz::format("%Y-%m-%d", utc, cctz::utc_time_zone());
}

std::string flag(bool value) { return value ? "true" : "false"; }

bool fell_back(const Receipt& receipt) {
  return std::ranges::any_of(receipt.attempts,
                             [](const auto& a) { return a.reason == model::AttemptReason::kFallback; });
}

std::string dimension_text(const Item& item, const DimensionRef& dimension, const Query& query) {
  const Receipt& r = *item.receipt;
  const model::Attempt* a = item.attempt;
  switch (dimension.dimension) {
  case Dimension::kTime:
    return time_label(r.created_at, query.interval, query.time_zone);
  case Dimension::kTenant:
    return r.tenant;
  case Dimension::kWorkflow:
    return r.workflow;
  case Dimension::kKey:
    return r.api_key_id;
  case Dimension::kEndUser:
    return r.end_user;
  case Dimension::kModel:
    return a != nullptr ? a->model_id : r.execution.model_id;
  case Dimension::kProvider:
    return a != nullptr ? a->provider : r.execution.provider;
  case Dimension::kRegion:
    return a != nullptr ? a->region : r.execution.region;
  case Dimension::kCategory:
    return std::string(name(r.classification.category));
  case Dimension::kStatus:
    return std::string(name(r.execution.status));
  case Dimension::kAttemptReason:
    return a != nullptr ? std::string(name(a->reason)) : "";
  case Dimension::kRouterVersion:
    return r.decision.router_version;
  case Dimension::kPolicyVersion:
    return r.decision.policy_version;
  case Dimension::kRequestedModel:
    return r.request.model;
  case Dimension::kErrorCode:
    return r.execution.error_code;
  case Dimension::kEndpoint:
    return std::string(name(r.request.endpoint));
  case Dimension::kCacheHit:
    return flag(r.cache && r.cache->hit);
  case Dimension::kFallback:
    return flag(fell_back(r));
  case Dimension::kCosted:
    return flag(r.cost.total.has_value());
  case Dimension::kTag:
    break;
  }
  const auto tag = std::ranges::find(r.tags, dimension.tag, [](const auto& t) { return t.first; });
  return tag == r.tags.end() ? "" : tag->second;
}

bool passes(const Item& item, const Query& query, const Scope& scope) {
  const Receipt& r = *item.receipt;
  const Filters& f = query.filters;
  if (scope.tenant_id() && r.tenant != *scope.tenant_id()) return false;
  if (r.created_at < query.range.from || r.created_at >= query.range.to) return false;
  for (const ValueFilter& filter : f.values) {
    const bool listed =
        std::ranges::find(filter.values, dimension_text(item, filter.field, query)) != filter.values.end();
    if (listed == filter.exclude) return false;
  }
  if (f.min_cost && (!r.cost.total || *r.cost.total < *f.min_cost)) return false;
  if (f.max_cost && (!r.cost.total || *r.cost.total > *f.max_cost)) return false;
  if (f.min_latency_ms && r.execution.latency_ms < *f.min_latency_ms) return false;
  if (f.max_latency_ms && r.execution.latency_ms > *f.max_latency_ms) return false;
  if (f.cache_hit && *f.cache_hit != (r.cache && r.cache->hit)) return false;
  if (f.fallback && *f.fallback != fell_back(r)) return false;
  return !f.unknown_cost || *f.unknown_cost == !r.cost.total.has_value();
}

std::int64_t requests_of(const Item& item) {
  return item.attempt != nullptr ? 1 : std::max<std::int64_t>(item.receipt->count, 1);
}

const model::Usage& usage_of(const Item& item) {
  return item.attempt != nullptr ? item.attempt->usage : item.receipt->usage;
}

/// The class a meter is counted in, 0 to 5, as docs/analytics.md says.
int meter_class(Meter meter) {
  switch (meter) {
  case Meter::kInput:
    return 0;
  case Meter::kCacheRead:
    return 1;
  case Meter::kCacheWrite:
  case Meter::kCacheWrite1h:
    return 2;
  case Meter::kOutput:
    return 3;
  case Meter::kReasoning:
    return 4;
  default:
    return 5;
  }
}

std::int64_t tokens_of(const Item& item, int token_class) {
  std::int64_t sum = 0;
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    if (model::is_token_meter(meter) && meter_class(meter) == token_class) sum += usage_of(item)[meter];
  }
  return sum;
}

PicoSum line_cost_of(const Receipt& r, int token_class) {
  PicoSum sum = 0;
  for (const model::CostLine& line : r.cost.lines) {
    const auto meter = model::parse_meter(line.meter);
    if (line.cost && (meter ? meter_class(*meter) : 5) == token_class) sum += line.cost->value();
  }
  return sum;
}

std::optional<Picodollars> item_amount(const Item& item, Measure measure) {
  const Receipt& r = *item.receipt;
  switch (measure) {
  case Measure::kCost:
  case Measure::kCostInterrupted:
    return item.attempt != nullptr ? item.attempt->cost : r.cost.total;
  case Measure::kCharged:
    return r.cost.charged;
  case Measure::kBaseline:
    return r.savings ? r.savings->baseline_cost : std::nullopt;
  case Measure::kSavings:
    return r.savings ? r.savings->savings : std::nullopt;
  case Measure::kAvoided:
    return r.cache ? r.cache->avoided_cost : std::nullopt;
  default:
    return std::nullopt;
  }
}

Cell money(const std::vector<Item>& items, Measure measure) {
  Money sum;
  bool known = items.empty() || measure == Measure::kCostInterrupted;
  for (const Item& item : items) {
    if (measure >= Measure::kCostInput) {
      sum.picodollars += line_cost_of(*item.receipt, static_cast<int>(measure) - static_cast<int>(Measure::kCostInput));
      known = true;
      continue;
    }
    if (measure == Measure::kCostInterrupted && item.receipt->cost.basis != model::CostBasis::kReservation) continue;
    const auto amount = item_amount(item, measure);
    known = known || amount.has_value();
    sum.picodollars += amount ? amount->value() : 0;
  }
  return known || measure >= Measure::kCostInput ? Cell(sum) : Cell();
}

std::optional<std::int64_t> item_duration(const Item& item, Measure measure) {
  const Receipt& r = *item.receipt;
  if (measure >= Measure::kOverheadP50) return r.execution.overhead_us;
  if (measure >= Measure::kTtftP50) return item.attempt != nullptr ? item.attempt->ttft_ms : r.execution.ttft_ms;
  if (item.attempt != nullptr) return item.attempt->latency_ms;
  return r.execution.status == model::Status::kRefused ? std::nullopt : std::optional(r.execution.latency_ms);
}

/// Nearest rank.
Cell percentile(const std::vector<Item>& items, Measure measure) {
  std::vector<std::int64_t> values;
  for (const Item& item : items) {
    if (const auto value = item_duration(item, measure)) values.push_back(*value);
  }
  if (values.empty()) return {};
  std::ranges::sort(values);
  constexpr size_t kPerCent[] = {50, 95, 99};
  const size_t per_cent = kPerCent[(static_cast<size_t>(measure) - static_cast<size_t>(Measure::kLatencyP50)) % 3];
  return values[(values.size() * per_cent + 99) / 100 - 1];
}

Cell rate(const std::vector<Item>& items, Measure measure) {
  double part = 0;
  double whole = 0;
  for (const Item& item : items) {
    const Receipt& r = *item.receipt;
    const auto weight = static_cast<double>(requests_of(item));
    const model::Status status = r.execution.status;
    switch (measure) {
    case Measure::kErrorRate: {
      const bool failed = item.attempt != nullptr
                              ? item.attempt->status != "success"
                              : status == model::Status::kError || status == model::Status::kInterrupted;
      part += failed ? weight : 0;
      whole += weight;
      break;
    }
    case Measure::kFallbackRate:
      part += fell_back(r) ? weight : 0;
      whole += r.attempts.empty() ? 0 : weight;
      break;
    case Measure::kCacheHitRate:
      part += r.cache && r.cache->hit ? weight : 0;
      whole += weight;
      break;
    case Measure::kRefusalRate:
      part += status == model::Status::kRefused ? weight : 0;
      whole += weight;
      break;
    case Measure::kConfidence:
      part += std::round(r.classification.confidence * 1e6) / 1e6;
      whole += 1;
      break;
    default: // throughput
      if (status != model::Status::kSuccess || r.attempts.empty() || r.execution.latency_ms <= 0) break;
      part += static_cast<double>(tokens_of(item, 3) + tokens_of(item, 4)) * 1000;
      whole += static_cast<double>(r.execution.latency_ms);
    }
  }
  return whole > 0 ? Cell(part / whole) : Cell();
}

Cell count(const std::vector<Item>& items, Measure measure) {
  std::int64_t sum = 0;
  for (const Item& item : items) {
    if (measure == Measure::kRequests) sum += requests_of(item);
    if (measure == Measure::kReceipts) ++sum;
    if (measure == Measure::kAttempts)
      sum += item.attempt != nullptr ? 1 : static_cast<std::int64_t>(item.receipt->attempts.size());
    if (measure == Measure::kPrivacyDropped) sum += item.receipt->privacy.dropped;
    if (measure == Measure::kUnknownCost) sum += item_amount(item, Measure::kCost) ? 0 : 1;
    if (measure >= Measure::kTokensInput)
      sum += tokens_of(item, static_cast<int>(measure) - static_cast<int>(Measure::kTokensInput));
  }
  return sum;
}

Cell answer(const std::vector<Item>& items, Measure measure) {
  if (type_of(measure) == ColumnType::kMoney) return money(items, measure);
  if (type_of(measure) == ColumnType::kReal) return rate(items, measure);
  if (measure >= Measure::kLatencyP50) return percentile(items, measure);
  return count(items, measure);
}

std::vector<Item> items_of(std::span<const StoredReceipt> receipts, const Query& query, const Scope& scope) {
  const bool attempts =
      std::ranges::any_of(query.dimensions, [](const auto& d) { return d.dimension == Dimension::kAttemptReason; });
  std::vector<Item> items;
  for (const StoredReceipt& stored : receipts) {
    if (!attempts) items.push_back({&stored.receipt, nullptr});
    for (size_t i = 0; attempts && i < stored.receipt.attempts.size(); ++i)
      items.push_back({&stored.receipt, &stored.receipt.attempts[i]});
  }
  std::erase_if(items, [&](const Item& item) { return !passes(item, query, scope); });
  return items;
}

} // namespace

Table reference_answer(std::span<const StoredReceipt> receipts, const Query& query, const Scope& scope) {
  const std::vector<Item> items = items_of(receipts, query, scope);
  std::map<std::vector<std::string>, std::vector<Item>> groups;
  if (query.dimensions.empty()) groups[{}];
  for (const Item& item : items) {
    std::vector<std::string> key;
    for (const DimensionRef& dimension : query.dimensions) key.push_back(dimension_text(item, dimension, query));
    groups[key].push_back(item);
  }
  Table table;
  for (const auto& [key, members] : groups) {
    std::vector<Cell>& row = table.rows.emplace_back(key.begin(), key.end());
    for (const Measure measure : query.measures) row.push_back(answer(members, measure));
  }
  if (query.totals) {
    table.totals.emplace(query.dimensions.size(), Cell(std::string()));
    for (const Measure measure : query.measures) table.totals->push_back(answer(items, measure));
  }
  table.groups = table.rows.size();
  return table;
}

} // namespace kairos::store
