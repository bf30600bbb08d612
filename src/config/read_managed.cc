#include <fmt/format.h>

#include <algorithm>

#include "config/read.h"

namespace kairos::config {
namespace {

std::string_view word(ManagedObject::Kind kind) {
  switch (kind) {
  case ManagedObject::Kind::kTenant:
    return "tenant";
  case ManagedObject::Kind::kKey:
    return "key";
  case ManagedObject::Kind::kBudget:
    return "budget";
  }
  return "";
}

void add_tenant(const ManagedObject& object, Reader& reader, Snapshot& into) {
  for (const std::string_view part : {"keys", "budgets"}) {
    if (reader.has(part)) reader.complain(part, fmt::format("give them at /api/v1/{}", part));
  }
  if (reader.has("provider_keys"))
    reader.complain("provider_keys", "names secrets of this machine, so it can only stand in the configuration file");
  Tenant tenant = read_tenant(reader, into);
  tenant.managed = ManagedBy::kApi;
  tenant.version = object.version;
  into.tenants.push_back(std::move(tenant));
}

void add_key(const ManagedObject& object, Reader& reader, Snapshot& into) {
  const std::string owner = reader.optional_text("tenant").value_or("");
  ApiKey key = read_key(reader);
  key.managed = ManagedBy::kApi;
  key.version = object.version;
  const auto tenant = std::ranges::find(into.tenants, owner, &Tenant::id);
  if (tenant != into.tenants.end()) return tenant->keys.push_back(std::move(key));
  into.warnings.push_back(
      fmt::format("key {}, made through the API, is not accepted: there is no tenant {}", object.id, owner));
}

void add_budget(const ManagedObject& object, Reader& reader, Snapshot& into) {
  Budget budget = read_budget(reader, nullptr);
  budget.managed = ManagedBy::kApi;
  budget.version = object.version;
  into.budgets.push_back(std::move(budget));
}

} // namespace

void read_managed(std::span<const ManagedObject> objects, Snapshot& into, Problem& problem) {
  const auto read = [&](ManagedObject::Kind kind, auto add) {
    for (const ManagedObject& object : objects) {
      if (object.kind != kind) continue;
      Problem own(fmt::format("{} {}", word(kind), object.id));
      Reader reader(object.body, "", own);
      add(object, reader, into);
      problem.adopt(own);
    }
  };
  read(ManagedObject::Kind::kTenant, add_tenant); // keys look for their tenants
  read(ManagedObject::Kind::kKey, add_key);
  read(ManagedObject::Kind::kBudget, add_budget);
}

} // namespace kairos::config
