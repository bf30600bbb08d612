#include "api/live_filter.h"

#include <algorithm>
#include <cctype>

namespace kairos::api {
namespace {

using store::Dimension;

std::string_view tag_of(const model::Receipt& receipt, std::string_view key) {
  for (const auto& [name, value] : receipt.tags) {
    if (name == key) return value;
  }
  return {};
}

std::string_view value_of(const model::Receipt& r, const store::DimensionRef& field) {
  switch (field.dimension) {
  case Dimension::kTenant:
    return r.tenant;
  case Dimension::kWorkflow:
    return r.workflow;
  case Dimension::kKey:
    return r.api_key_id;
  case Dimension::kEndUser:
    return r.end_user;
  case Dimension::kModel:
    return r.execution.model_id;
  case Dimension::kProvider:
    return r.execution.provider;
  case Dimension::kRegion:
    return r.execution.region;
  case Dimension::kCategory:
    return model::name(r.classification.category);
  case Dimension::kStatus:
    return model::name(r.execution.status);
  case Dimension::kRouterVersion:
    return r.decision.router_version;
  case Dimension::kPolicyVersion:
    return r.decision.policy_version;
  case Dimension::kRequestedModel:
    return r.request.model;
  case Dimension::kErrorCode:
    return r.execution.error_code;
  case Dimension::kEndpoint:
    return model::name(r.request.endpoint);
  case Dimension::kTag:
    return tag_of(r, field.tag);
  case Dimension::kTime:
  case Dimension::kAttemptReason:
  case Dimension::kCacheHit:
  case Dimension::kFallback:
  case Dimension::kCosted:
    break;
  }
  return {};
}

bool matches_one(const store::ValueFilter& filter, const model::Receipt& receipt) {
  const auto wanted = [&](std::string_view value) {
    return std::ranges::find(filter.values, value) != filter.values.end();
  };
  if (filter.field.dimension != Dimension::kAttemptReason)
    return wanted(value_of(receipt, filter.field)) != filter.exclude;
  const bool any =
      std::ranges::any_of(receipt.attempts, [&](const model::Attempt& one) { return wanted(model::name(one.reason)); });
  return any != filter.exclude;
}

bool contains(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return !std::ranges::search(text, part, same).empty();
}

bool matches_text(std::string_view text, const model::Receipt& r) {
  if (text == r.receipt_id || text == r.trace.trace_id) return true;
  for (const std::string_view name :
       std::initializer_list<std::string_view>{r.workflow, r.api_key_id, r.end_user, r.execution.model_id,
                                               r.request.model, r.execution.provider, r.execution.error_code}) {
    if (contains(name, text)) return true;
  }
  return false;
}

bool has_fallback(const model::Receipt& receipt) {
  return std::ranges::any_of(
      receipt.attempts, [&](const model::Attempt& one) { return one.model_id != receipt.attempts.front().model_id; });
}

bool in_bounds(const store::Filters& filters, const model::Receipt& receipt) {
  const auto& cost = receipt.cost.total;
  if (filters.min_cost && (!cost || *cost < *filters.min_cost)) return false;
  if (filters.max_cost && (!cost || *cost > *filters.max_cost)) return false;
  if (filters.min_latency_ms && receipt.execution.latency_ms < *filters.min_latency_ms) return false;
  return !filters.max_latency_ms || receipt.execution.latency_ms <= *filters.max_latency_ms;
}

} // namespace

bool matches(const store::Filters& filters, const model::Receipt& receipt) {
  if (!std::ranges::all_of(filters.values, [&](const store::ValueFilter& one) { return matches_one(one, receipt); }))
    return false;
  if (!in_bounds(filters, receipt)) return false;
  if (filters.cache_hit && *filters.cache_hit != (receipt.cache && receipt.cache->hit)) return false;
  if (filters.fallback && *filters.fallback != has_fallback(receipt)) return false;
  if (filters.unknown_cost && *filters.unknown_cost == receipt.cost.total.has_value()) return false;
  if (!filters.trace_id.empty() && filters.trace_id != receipt.trace.trace_id) return false;
  return filters.text.empty() || matches_text(filters.text, receipt);
}

store::ReceiptRow row_of(const model::Receipt& receipt) {
  store::ReceiptRow row;
  row.receipt_id = receipt.receipt_id;
  row.created_at = receipt.created_at;
  row.completed_at = receipt.completed_at;
  row.tenant = receipt.tenant;
  row.workflow = receipt.workflow;
  row.api_key_id = receipt.api_key_id;
  row.end_user = receipt.end_user;
  row.requested_model = receipt.request.model;
  row.model_id = receipt.execution.model_id;
  row.provider = receipt.execution.provider;
  row.region = receipt.execution.region;
  row.error_code = receipt.execution.error_code;
  row.category = receipt.classification.category;
  row.status = receipt.execution.status;
  row.http_status = receipt.execution.http_status;
  row.cost = receipt.cost.total;
  row.charged = receipt.cost.charged;
  if (receipt.savings) row.savings = receipt.savings->savings;
  row.basis = receipt.cost.basis;
  row.latency_ms = receipt.execution.latency_ms;
  row.ttft_ms = receipt.execution.ttft_ms;
  row.attempts = static_cast<std::int64_t>(receipt.attempts.size());
  row.count = receipt.count;
  row.cache_hit = receipt.cache && receipt.cache->hit;
  return row;
}

} // namespace kairos::api
