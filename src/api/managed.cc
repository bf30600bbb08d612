#include "api/managed.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <map>

#include "api/json_body.h"

namespace kairos::api {
namespace {

namespace json = boost::json;
using config::ManagedObject;
using config::Node;

Node node_of(const json::value& value, std::string_view key) {
  Node node;
  node.key = key;
  switch (value.kind()) {
  case json::kind::null:
    node.kind = Node::Kind::kNull;
    return node;
  case json::kind::object:
    node.kind = Node::Kind::kMap;
    for (const auto& [name, child] : value.get_object()) node.children.push_back(node_of(child, name));
    return node;
  case json::kind::array:
    node.kind = Node::Kind::kList;
    for (const json::value& child : value.get_array()) node.children.push_back(node_of(child, ""));
    return node;
  case json::kind::string:
    node.quoted = true;
    node.scalar = value.get_string();
    break;
  case json::kind::double_:
    node.scalar = fmt::format("{}", value.get_double());
    break; // shortest text that reads back the same
  default:
    node.scalar = json::serialize(value);
  }
  node.kind = Node::Kind::kScalar;
  return node;
}

Result<ManagedObject> object_of(ManagedObject::Kind kind, const store::Document& document) {
  auto body = parse_object(document.body);
  if (!body) return fail_in(fmt::format("{} {}", document.kind, document.id), body.error());
  (*body)["id"] = document.id;
  return ManagedObject{kind, document.id, document.version, node_of(*body, "")};
}

void write_list(model::JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

void write_allow(model::JsonWriter& json, std::string_view key, const config::AllowList& list) {
  json.key(key).begin_object();
  write_list(json, "allow", list.allow);
  write_list(json, "deny", list.deny);
  json.end_object();
}

void write_number(model::JsonWriter& json, std::string_view key, const std::optional<std::int64_t>& value) {
  json.key(key);
  value ? json.integer(*value) : json.null();
}

void write_origin(model::JsonWriter& json, config::ManagedBy managed, std::uint64_t version) {
  json.key("managed").string(config::name(managed));
  json.key("version");
  version > 0 ? json.integer(static_cast<std::int64_t>(version)) : json.null();
}

/// Millionths of a per cent as a decimal: 12'500'000 is "12.5".
std::string percent_text(std::int64_t millionths) { return usd(Picodollars(millionths * 1'000'000)); }

void write_price_plan(model::JsonWriter& json, const std::optional<config::PricePlan>& plan) {
  json.key("price_plan");
  if (!plan) {
    json.null();
    return;
  }
  json.begin_object();
  if (plan->markup) json.key("markup_percent").string(percent_text(*plan->markup));
  std::map<std::string, std::map<std::string, std::string>> prices;
  for (const auto& [key, price] : plan->prices) prices[key.first][key.second] = usd_per_million(price);
  json.key("prices").begin_object();
  for (const auto& [model, meters] : prices) {
    json.escaped_key(model).begin_object();
    for (const auto& [meter, price] : meters) json.escaped_key(meter).string(price);
    json.end_object();
  }
  json.end_object();
  json.end_object();
}

void write_state(model::JsonWriter& json, const ledger::BudgetStatus& status) {
  const auto time = [&](std::string_view key, const std::optional<WallTime>& at) {
    json.key(key);
    at ? json.string(to_rfc3339(*at)) : json.null();
  };
  json.key("state").begin_object();
  json.key("period").string(status.period);
  time("period_start", status.period_start);
  time("period_ends", status.period_ends);
  json.key("spent_usd").string(usd(status.spent));
  json.key("held_usd").string(usd(status.held));
  json.key("remaining_usd").string(usd(status.remaining));
  json.key("overrun_usd").string(usd(status.overrun));
  json.key("unpriced").integer(status.unpriced);
  json.key("level").string(ledger::name(status.level));
  json.key("warn_level");
  status.warn_level ? json.integer(*status.warn_level) : json.null();
  json.key("projected_usd");
  status.projected ? json.string(usd(*status.projected)) : json.null();
  json.end_object();
}

void write_privacy_filter(model::JsonWriter& json, const config::PrivacyFilter& filter) {
  json.key("privacy_filter");
  if (filter.detect == 0) return static_cast<void>(json.null());
  json.begin_object().key("detect").begin_array();
  for (size_t i = 0; i < config::kPrivateKindCount; ++i) {
    if ((filter.detect & config::bit(static_cast<config::PrivateKind>(i))) != 0)
      json.string(config::kPrivateKindNames[i]);
  }
  json.end_array();
  json.key("action").string(config::name(filter.action));
  json.key("narrow_to").string(filter.narrow_to_zdr ? "zdr" : "deny_training");
  json.end_object();
}

} // namespace

Result<std::vector<ManagedObject>> managed_objects(const store::StateStore& state,
                                                   std::span<const store::Change> changes) {
  static constexpr std::array<std::pair<std::string_view, ManagedObject::Kind>, 3> kKinds = {
      {{"tenant", ManagedObject::Kind::kTenant},
       {"key", ManagedObject::Kind::kKey},
       {"budget", ManagedObject::Kind::kBudget}}};
  std::vector<ManagedObject> objects;
  for (const auto& [name, kind] : kKinds) {
    std::map<std::string, store::Document> documents;
    for (store::Document& document : state.list(name)) documents[document.id] = std::move(document);
    for (const store::Change& change : changes) {
      if (change.kind != name) continue;
      if (!change.body) documents.erase(change.id);
      if (change.body) documents[change.id] = {change.kind, change.id, documents[change.id].version + 1, *change.body};
    }
    for (const auto& [id, document] : documents) {
      auto object = object_of(kind, document);
      if (!object) return std::unexpected(object.error());
      objects.push_back(std::move(*object));
    }
  }
  return objects;
}

void write_fields(model::JsonWriter& json, const config::Tenant& tenant, bool with_plan) {
  json.key("id").string(tenant.id);
  json.key("name").string(tenant.name);
  write_allow(json, "models", tenant.models);
  write_allow(json, "providers", tenant.providers);
  json.key("privacy").begin_object();
  json.key("policy").string(config::name(tenant.privacy));
  write_list(json, "regions", tenant.regions);
  json.end_object();
  write_privacy_filter(json, tenant.privacy_filter);
  json.key("cache");
  tenant.cache ? json.string(config::name(*tenant.cache)) : json.null();
  std::vector<std::string> quantizations;
  for (size_t i = 0; i < model::kQuantizationNames.size(); ++i) {
    if ((tenant.quantizations & model::bit(static_cast<model::Quantization>(i))) != 0)
      quantizations.emplace_back(model::kQuantizationNames[i]);
  }
  write_list(json, "quantizations", quantizations);
  json.key("baseline_model");
  tenant.baseline_model.empty() ? json.null() : json.string(tenant.baseline_model);
  write_price_plan(json, with_plan ? tenant.price_plan : std::nullopt);
  write_number(json, "default_max_output_tokens", tenant.default_max_output_tokens);
  json.key("content").string(model::name(tenant.content));
  json.key("retention").begin_object();
  write_number(json, "receipts_days", tenant.keep_receipts_days);
  write_number(json, "content_days", tenant.keep_content_days);
  json.end_object();
  write_origin(json, tenant.managed, tenant.version);
}

void write_fields(model::JsonWriter& json, const config::Tenant& owner, const config::ApiKey& key) {
  const config::Guardrails& rails = key.guardrails;
  json.key("id").string(key.id);
  json.key("tenant").string(owner.id);
  json.key("role").string(config::name(key.role));
  json.key("max_cost_per_request_usd");
  rails.max_cost_per_request ? json.string(usd(*rails.max_cost_per_request)) : json.null();
  json.key("min_quality");
  rails.min_quality ? json.real(*rails.min_quality) : json.null();
  write_allow(json, "models", rails.models);
  write_allow(json, "providers", rails.providers);
  write_number(json, "requests_per_minute", rails.requests_per_minute);
  write_number(json, "tokens_per_minute", rails.tokens_per_minute);
  write_origin(json, key.managed, key.version);
}

void write_fields(model::JsonWriter& json, const config::Budget& budget, const ledger::BudgetStatus& status) {
  json.key("id").string(budget.id);
  json.key("scope").begin_object();
  const auto bound = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json.key(key).string(value);
  };
  bound("tenant", budget.scope.tenant);
  bound("workflow", budget.scope.workflow);
  bound("key", budget.scope.api_key_id);
  bound("model", budget.scope.model_id);
  bound("end_user", budget.scope.end_user);
  json.end_object();
  json.key("period").string(config::kBudgetPeriodNames[static_cast<size_t>(budget.period)]);
  json.key("cap_usd").string(usd(budget.cap));
  json.key("measure").string(config::kBudgetMeasureNames[static_cast<size_t>(budget.measure)]);
  json.key("on_exceed").string(model::name(budget.on_exceed));
  json.key("warn_levels").begin_array();
  for (const int level : budget.warn_levels) json.integer(level);
  json.end_array();
  write_origin(json, budget.managed, budget.version);
  write_state(json, status);
}

} // namespace kairos::api
