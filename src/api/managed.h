// Tenants, keys and budgets that were made through the API: from the state store's documents to what the configuration
// reads, and from a snapshot to JSON.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "config/load.h"
#include "config/snapshot.h"
#include "ledger/budget.h"
#include "model/json_writer.h"
#include "store/state_store.h"

namespace kairos::api {

/// As they are once these changes are made.
Result<std::vector<config::ManagedObject>> managed_objects(const store::StateStore& state,
                                                           std::span<const store::Change> changes = {});

// Members of an object that is open.
/// Without its plan for the tenant itself: with the markup, what is charged tells what it cost.
void write_fields(model::JsonWriter& json, const config::Tenant& tenant, bool with_plan);
void write_fields(model::JsonWriter& json, const config::Tenant& owner, const config::ApiKey& key);
void write_fields(model::JsonWriter& json, const config::Budget& budget, const ledger::BudgetStatus& status);

} // namespace kairos::api
