// Inside of load(): one function per section of the file. Each reads its section from the root, reports to the root's
// Problem, and fills its part of the Snapshot.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"
#include "config/reader.h"
#include "config/snapshot.h"

namespace kairos::config {

inline constexpr size_t kMostProviders = 256;
inline constexpr size_t kMostTenants = 10'000;

void read_server(Reader& root, Snapshot& into);
void read_content(Reader& root, const Environment& environment, Snapshot& into);
void read_routing(Reader& root, Snapshot& into);
/// After the file the standard OTEL_* variables are looked at.
void read_otlp(Reader& root, const Environment& environment, Snapshot& into);
/// Needs the catalog; leaves out providers without their key and says so in the warnings.
void read_providers(Reader& root, const Environment& environment, const catalog::Catalog& catalog, Snapshot& into);

/// What is configured of one model beyond the catalog's fields.
struct ModelSettings {
  catalog::ModelOverride change;
  DataUse data_use;
  std::optional<model::Quantization> quantization;
  int line = 0;
  std::string path;
};
/// `provider_ids`: of the section `providers` → whose models of the catalog they serve.
std::vector<ModelSettings> read_models(Reader& root, const std::map<std::string, std::string>& provider_ids,
                                       const catalog::Catalog& catalog);
/// Needs the final catalog.
void read_tenants(Reader& root, Snapshot& into);
/// After the tenants of the file, before its budgets. What is wrong names the object.
void read_managed(std::span<const ManagedObject> objects, Snapshot& into, Problem& problem);
void read_budgets(Reader& root, Snapshot& into);
Tenant read_tenant(Reader& reader, Snapshot& into);
ApiKey read_key(Reader& reader);
Budget read_budget(Reader& reader, const Tenant* owner);
PrivacyFilter read_privacy_filter(Reader& tenant);
std::vector<RewriteRule> read_rewrite_rules(Reader& routing);
void read_cache(Reader& root, Snapshot& into);
void check_cache(Reader& root, const Snapshot& all);
void read_alerts(Reader& root, const Environment& environment, Snapshot& into);

DataUse read_data_use(Reader& parent);
/// The key `quantization`; nullopt: absent.
std::optional<model::Quantization> read_quantization(Reader& parent);
/// The list `quantizations`, as bits; 0: absent.
model::Quantizations read_quantizations(Reader& parent);
AllowList read_allow_list(Reader& parent, std::string_view key);

/// Every id of the section `providers`, also of those without a key.
std::map<std::string, std::string> provider_ids(Reader& root);

/// Targets and look-up tables, when all else is filled.
class SnapshotIndex {
public:
  static void build(Snapshot& snapshot, const std::vector<ModelSettings>& models);
};

} // namespace kairos::config
