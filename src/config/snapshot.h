// Snapshot: the whole configuration, checked and immutable. Any thread may read it; a reload makes a new one, and
// whoever uses one for a request holds its shared_ptr until the request is done. Made by load() only.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "config/alerts.h"
#include "config/content.h"
#include "config/otlp.h"
#include "config/provider.h"
#include "config/routing.h"
#include "config/server.h"
#include "config/tenant.h"

namespace kairos::config {

/// A key and whose it is.
struct KeyOwner {
  const Tenant* tenant = nullptr;
  const ApiKey* key = nullptr;
};

class Snapshot {
public:
  Snapshot() = default;
  Snapshot(const Snapshot&) = delete; // it points into itself
  Snapshot& operator=(const Snapshot&) = delete;

  Server server;
  std::string data_dir = "./data";
  std::string node_id = "node-1";
  Journal journal;
  Store store;
  Content content;
  std::vector<Provider> providers; // in the order of the file; those without their key are left out (see warnings)
  std::shared_ptr<const catalog::Catalog> catalog; // the built-in one with `models` laid over it
  Routing routing;
  Cache cache;
  Otlp otlp;
  std::vector<Tenant> tenants;
  std::vector<Budget> budgets; // those under tenants too
  Alerts alerts;
  std::vector<std::string> warnings; // for the log: "line: what": a provider without its key, …

  /// Hash of the content: the file, the catalog and which providers have keys. The receipt's decision.policy_version.
  std::string version;

  /// What requests can be sent to, in the order model id, provider, region.
  std::vector<Target> targets;

  /// Every target for what a client calls `name`: a model id, an alias, or "provider/id". Empty: none.
  std::span<const Target* const> targets_named(std::string_view name) const;
  /// By the key's SHA-256 in lower-case hex. nullopt: unknown.
  std::optional<KeyOwner> owner_of_key(std::string_view sha256) const;
  const Tenant* tenant(std::string_view id) const;
  const Provider* provider(std::string_view id) const;

private:
  friend class SnapshotIndex; // build.cc
  std::map<std::string, std::vector<const Target*>, std::less<>> targets_by_name_;
  std::map<std::string, KeyOwner, std::less<>> keys_;
  std::map<std::string, const Tenant*, std::less<>> tenants_;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

} // namespace kairos::config
