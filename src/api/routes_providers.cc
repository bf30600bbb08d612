// What requests can be sent to, how it does, and what it costs: the providers with their targets. Read-only: providers
// and prices come from the configuration file and the catalog.
#include "api/api.h"
#include "model/json_writer.h"
#include "model/views.h"

namespace kairos::api {
namespace {

/// The address without what may hold a secret or a resource's name: "https://api.example.com".
std::string origin_of(std::string_view url) {
  const size_t host = url.find("//");
  const size_t end = host == url.npos ? url.npos : url.find_first_of("/?#", host + 2);
  std::string origin(url.substr(0, end));
  const size_t user = host == url.npos ? origin.npos : origin.find('@', host);
  return user == origin.npos ? origin : origin.substr(0, host + 2) + origin.substr(user + 1);
}

void write_flag(model::JsonWriter& json, std::string_view key, const std::optional<bool>& value) {
  json.key(key);
  value ? json.boolean(*value) : json.null();
}

void write_count(model::JsonWriter& json, std::string_view key, const std::optional<std::int64_t>& value) {
  json.key(key);
  value ? json.integer(*value) : json.null();
}

/// The standard tier's prices of a short prompt now; null where no price is known.
void write_prices(model::JsonWriter& json, const catalog::Model& model, WallTime now) {
  const catalog::PriceRow* row = catalog::price_at(model.prices, now, catalog::ServiceTier::kStandard, 0);
  const auto write = [&](std::string_view key, model::Meter meter) {
    const auto price = row == nullptr ? std::nullopt : row->price(meter);
    json.key(key);
    price ? json.string(usd_per_million(*price)) : json.null();
  };
  write("input_usd_per_mtok", model::Meter::kInput);
  write("output_usd_per_mtok", model::Meter::kOutput);
}

void write_target(model::JsonWriter& json, const config::Target& target, const model::TargetHealth* health,
                  WallTime now) {
  json.begin_object();
  json.key("model").string(target.model->id);
  json.key("region").string(target.endpoint->region);
  json.key("dialect").string(model::name(target.dialect));
  json.key("candidate").boolean(target.candidate);
  write_prices(json, *target.model, now);
  write_count(json, "context_length", target.model->context_length);
  json.key("measured").boolean(health != nullptr);
  json.key("available").boolean(health == nullptr || health->available);
  write_count(json, "ttft_p50_ms", health == nullptr ? std::nullopt : health->ttft_p50_ms);
  write_count(json, "latency_p50_ms", health == nullptr ? std::nullopt : health->latency_p50_ms);
  write_count(json, "latency_p95_ms", health == nullptr ? std::nullopt : health->latency_p95_ms);
  json.end_object();
}

void write_provider(model::JsonWriter& json, const config::Snapshot& snapshot, const config::Provider& provider,
                    const model::Health& health, WallTime now) {
  const catalog::Provider* known = snapshot.catalog->provider(provider.catalog_id);
  json.begin_object();
  json.key("id").string(provider.id);
  json.key("name").string(known == nullptr ? provider.id : known->name);
  json.key("keys").integer(static_cast<std::int64_t>(provider.keys.size()));
  json.key("endpoints").begin_array();
  for (const config::ProviderEndpoint& endpoint : provider.endpoints) {
    json.begin_object().key("region").string(endpoint.region);
    json.key("address").string(origin_of(endpoint.base_url)).end_object();
  }
  json.end_array();
  write_flag(json, "may_train", provider.data_use.may_train);
  write_flag(json, "zero_retention", provider.data_use.zero_retention);
  json.key("targets").begin_array();
  for (const config::Target& target : snapshot.targets) {
    if (target.provider == &provider) write_target(json, target, health.find(target.health_key), now);
  }
  json.end_array();
  json.end_object();
}

Answer providers(const ApiContext& context, const Request&) {
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const auto health = context.services.health();
  const WallTime now = context.services.clock.wall_now();
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("price_version").string(snapshot->catalog->price_version());
  json.key("policy_version").string(snapshot->version);
  json.key("warnings").begin_array();
  for (const std::string& warning : snapshot->warnings) json.string(warning);
  json.end_array();
  json.key("providers").begin_array();
  for (const config::Provider& provider : snapshot->providers) write_provider(json, *snapshot, provider, *health, now);
  json.end_array();
  json.end_object();
  return answer;
}

} // namespace

void add_provider_routes(RouteTable& table) { table.add("GET", "/api/v1/providers", kViewer, providers); }

} // namespace kairos::api
