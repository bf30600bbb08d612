// The part of the embedded budget authority that is not on the request path: specifications and views.
#include <fmt/format.h>

#include <algorithm>

#include "ledger/budget_account.h"
#include "ledger/budget_view.h"
#include "ledger/budgets.h"

namespace kairos::ledger {

size_t EmbeddedBudgets::shard_of(std::string_view tenant) { return std::hash<std::string_view>{}(tenant) % kShards; }

std::shared_ptr<BudgetAccount> EmbeddedBudgets::account(std::string_view budget_id) {
  const auto found = accounts_.find(budget_id);
  if (found != accounts_.end()) return found->second;
  return accounts_.emplace(budget_id, std::make_shared<BudgetAccount>(next_account_++)).first->second;
}

Result<> EmbeddedBudgets::replace(std::vector<BudgetSpec> specs) {
  std::sort(specs.begin(), specs.end(), [](const BudgetSpec& a, const BudgetSpec& b) { return a.id < b.id; });
  for (size_t i = 0; i < specs.size(); ++i) {
    if (auto valid = validate(specs[i]); !valid) return valid;
    if (i > 0 && specs[i].id == specs[i - 1].id) {
      return fail(Code::kConflict,
                  fmt::format("budget '{}' is defined twice: give one of them another id", specs[i].id));
    }
  }
  const std::scoped_lock lock(registry_mutex_);
  entries_.clear();
  for (BudgetSpec& spec : specs) {
    auto counters = account(spec.id);
    entries_.push_back(std::make_shared<BudgetEntry>(std::move(spec), std::move(counters)));
  }
  publish();
  forget_empty_accounts();
  return {};
}

void EmbeddedBudgets::publish() {
  std::array<std::shared_ptr<ScopeIndex>, kShards + 1> built;
  for (const auto& entry : entries_) {
    const std::string& tenant = entry->spec.scope.tenant;
    auto& index = built[tenant.empty() ? kShards : shard_of(tenant)];
    if (!index) index = std::make_shared<ScopeIndex>();
    index->add(entry);
  }
  for (size_t i = 0; i <= kShards; ++i) {
    Shard& shard = i == kShards ? tenantless_ : shards_[i];
    std::shared_ptr<const ScopeIndex> replacement = std::move(built[i]);
    const std::scoped_lock lock(shard.mutex);
    shard.index.swap(replacement);
    if (i == kShards) any_tenantless_.store(shard.index != nullptr, std::memory_order_release);
  }
}

void EmbeddedBudgets::forget_empty_accounts() {
  std::erase_if(accounts_, [](const auto& item) {
    // One owner: no specification and no reservation can reach it any more.
    const std::scoped_lock lock(item.second->mutex);
    return item.second.use_count() == 1 && item.second->periods.empty();
  });
}

std::vector<BudgetStatus> EmbeddedBudgets::status(WallTime now) {
  BudgetEntries entries;
  {
    const std::scoped_lock lock(registry_mutex_);
    entries = entries_;
  }
  std::vector<BudgetStatus> all;
  all.reserve(entries.size());
  for (const auto& entry : entries) {
    const std::scoped_lock lock(entry->account->mutex);
    const PeriodKey period = entry->account->current(entry->spec.period, now);
    all.push_back(status_of(entry->spec, counter_at(*entry->account, period), period, now));
  }
  return all;
}

Result<> EmbeddedBudgets::unblock(std::string_view budget_id) {
  const std::scoped_lock lock(registry_mutex_);
  const auto found = accounts_.find(budget_id);
  if (found == accounts_.end()) return fail(Code::kNotFound, fmt::format("there is no budget '{:.128}'", budget_id));
  const std::scoped_lock counters(found->second->mutex);
  for (auto& [period, counter] : found->second->periods) counter.blocked = false;
  return {};
}

void EmbeddedBudgets::apply(const Correction& correction) {
  const std::scoped_lock lock(registry_mutex_);
  const auto add = [&](const model::Receipt& receipt, int sign) {
    for (const model::BudgetCharge& charge : receipt.budget_charges) {
      const auto period = parse_period(charge.period);
      if (!period) continue; // a CORRECTION that the fold refuses as corrupt moves nothing here either
      const auto counters = account(charge.budget_id);
      const std::scoped_lock guard(counters->mutex);
      BudgetCounter& counter = counters->counter(*period);
      counter.spent += sign * Int128{charge.amount.value()};
      counter.unpriced += receipt.cost.total ? 0 : sign;
    }
  };
  add(correction.before, -1);
  add(correction.after, 1);
}

} // namespace kairos::ledger
