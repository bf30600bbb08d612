#include "config/snapshot.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "config/read.h"
#include "config/read_provider_kinds.h"
#include "model/views.h"

namespace kairos::config {
namespace {

using SettingsByModel = std::map<std::pair<std::string_view, std::string_view>, const ModelSettings*>;

void lay_over(DataUse& use, const DataUse& model) {
  if (model.may_train) use.may_train = model.may_train;
  if (model.zero_retention) use.zero_retention = model.zero_retention;
  if (!model.regions.empty()) use.regions = model.regions;
}

Target make_target(const catalog::Model& model, const Provider& provider, const ProviderEndpoint& endpoint,
                   const ModelSettings* settings) {
  Target target{&model, &provider,         &endpoint, model::Dialect::kOpenAi, model.upstream_id,
                {},     provider.data_use, {},        provider.quantization,   true};
  if (provider.dialect)
    target.dialect = *provider.dialect;
  else if (!model.dialects.empty())
    target.dialect = model.dialects.front();
  target.path_prefix = path_prefix(provider, endpoint, target.dialect);
  if (provider.azure && provider.azure->deployments.contains(model.id))
    target.upstream_id = provider.azure->deployments.at(model.id);
  if (settings != nullptr) lay_over(target.data_use, settings->data_use);
  if (settings != nullptr && settings->quantization) target.quantization = *settings->quantization;
  target.health_key = model::target_key(provider.id, model.id, endpoint.region);
  target.candidate = model.snapshot_of.empty();
  return target;
}

void add_targets(Snapshot& snapshot, const SettingsByModel& settings) {
  for (const Provider& provider : snapshot.providers) {
    for (const catalog::Model& model : snapshot.catalog->models()) {
      if (model.provider != provider.catalog_id) continue;
      if (provider.azure && !provider.azure->deployments.empty() && !provider.azure->deployments.contains(model.id))
        continue;
      const auto found = settings.find({model.provider, model.id});
      if (found == settings.end() && provider.only_configured_models) continue;
      for (const ProviderEndpoint& endpoint : provider.endpoints) {
        snapshot.targets.push_back(
            make_target(model, provider, endpoint, found == settings.end() ? nullptr : found->second));
      }
    }
  }
  std::ranges::sort(snapshot.targets, {}, [](const Target& target) {
    return std::tie(target.model->id, target.provider->id, target.endpoint->region);
  });
}

} // namespace

void SnapshotIndex::build(Snapshot& snapshot, const std::vector<ModelSettings>& models) {
  SettingsByModel settings;
  for (const ModelSettings& one : models) settings[{one.change.provider, one.change.id}] = &one;
  add_targets(snapshot, settings);

  auto& names = snapshot.targets_by_name_;
  for (const Target& target : snapshot.targets) {
    names[target.model->id].push_back(&target);
    names[target.provider->id + "/" + target.model->id].push_back(&target);
  }
  std::set<std::string_view> ids; // an id wins over another model's alias
  for (const Target& target : snapshot.targets) ids.insert(target.model->id);
  for (const Target& target : snapshot.targets) {
    for (const std::string& alias : target.model->aliases) {
      if (!ids.contains(alias)) names[alias].push_back(&target);
      names[target.provider->id + "/" + alias].push_back(&target);
    }
  }
  for (const Tenant& tenant : snapshot.tenants) {
    snapshot.tenants_[tenant.id] = &tenant;
    for (const ApiKey& key : tenant.keys) snapshot.keys_[key.sha256] = {&tenant, &key};
  }
}

std::span<const Target* const> Snapshot::targets_named(std::string_view name) const {
  const auto found = targets_by_name_.find(name);
  if (found == targets_by_name_.end()) return {};
  return found->second;
}

std::optional<KeyOwner> Snapshot::owner_of_key(std::string_view sha256) const {
  const auto found = keys_.find(sha256);
  return found == keys_.end() ? std::nullopt : std::optional(found->second);
}

const Tenant* Snapshot::tenant(std::string_view id) const {
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : found->second;
}

const Provider* Snapshot::provider(std::string_view id) const {
  const auto found = std::ranges::find(providers, id, &Provider::id);
  return found == providers.end() ? nullptr : &*found;
}

} // namespace kairos::config
