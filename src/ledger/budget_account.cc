#include "ledger/budget_account.h"

#include <algorithm>

namespace kairos::ledger {
namespace {

constexpr std::chrono::hours kStepBack{48};

/// The fields named by `mask` (tenant 1, workflow 2, key 4, end user 8), each with its length, so that no two scopes
/// meet.
void scope_key(std::string& key, unsigned mask, const std::array<std::string_view, 4>& fields) {
  key.assign(1, static_cast<char>(mask));
  for (unsigned i = 0; i < fields.size(); ++i) {
    if ((mask & (1U << i)) == 0) continue;
    const auto size = static_cast<std::uint32_t>(fields[i].size());
    key.append(reinterpret_cast<const char*>(&size), sizeof size).append(fields[i]);
  }
}

} // namespace

PeriodKey BudgetAccount::current(Period kind, WallTime now) const {
  const PeriodKey by_clock = period_at(kind, now);
  const auto& last = newest[static_cast<size_t>(kind)];
  if (!last || by_clock.ordinal >= *last) return by_clock;
  const PeriodKey begun{kind, *last};
  const auto& gone = forgotten[static_cast<size_t>(kind)];
  if (gone && by_clock.ordinal <= *gone) return begun;
  return *start_of(begun) - now <= kStepBack ? begun : by_clock;
}

PeriodKey BudgetAccount::begin(Period kind, WallTime now) {
  const PeriodKey period = current(kind, now);
  auto& last = newest[static_cast<size_t>(kind)];
  if (!last || period.ordinal > *last) {
    last = period.ordinal;
    forget_old(kind);
  }
  return period;
}

void BudgetAccount::forget_old(Period kind) {
  std::vector<PeriodKey> mine;
  for (const auto& [key, counter] : periods) {
    if (key.kind == kind) mine.push_back(key);
  }
  for (size_t i = 0; i + kKept < mine.size(); ++i) {
    if (periods[mine[i]].held != 0) continue;
    periods.erase(mine[i]);
    auto& gone = forgotten[static_cast<size_t>(kind)];
    gone = std::max(gone.value_or(mine[i].ordinal), mine[i].ordinal);
  }
}

void ScopeIndex::add(const std::shared_ptr<const BudgetEntry>& entry) {
  const Scope& scope = entry->spec.scope;
  const std::array<std::string_view, 4> fields = {scope.tenant, scope.workflow, scope.api_key_id, scope.end_user};
  unsigned mask = 0;
  for (unsigned i = 0; i < fields.size(); ++i) mask |= fields[i].empty() ? 0U : 1U << i;
  if (std::find(masks_.begin(), masks_.end(), mask) == masks_.end()) masks_.push_back(mask);
  std::string key;
  scope_key(key, mask, fields);
  Group& group = groups_[key];
  (scope.model_id.empty() ? group.every_model : group.by_model[scope.model_id]).push_back(entry);
}

void ScopeIndex::find(const Subject& subject, bool any_model, BudgetEntries& into) const {
  const std::array<std::string_view, 4> fields = {subject.tenant, subject.workflow, subject.api_key_id,
                                                  subject.end_user};
  std::string key;
  for (const unsigned mask : masks_) {
    scope_key(key, mask, fields);
    const auto found = groups_.find(std::string_view(key));
    if (found == groups_.end()) continue;
    const Group& group = found->second;
    into.insert(into.end(), group.every_model.begin(), group.every_model.end());
    if (any_model) {
      for (const auto& [model, entries] : group.by_model) into.insert(into.end(), entries.begin(), entries.end());
    } else if (const auto model = group.by_model.find(subject.model_id); model != group.by_model.end()) {
      into.insert(into.end(), model->second.begin(), model->second.end());
    }
  }
}

} // namespace kairos::ledger
