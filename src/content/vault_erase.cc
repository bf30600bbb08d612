// Erasing, by receipt, tenant and age, and what follows from it: files in which nothing is left, keys to be sealed
// anew.
#include <algorithm>

#include "content/vault.h"
#include "observe/log.h"

namespace kairos::content {

/// Destroys the keys of the slots that `which` names, in one go; returns how many of them were live.
Result<std::uint64_t> Vault::end_slots(Volume& volume, SlotState state, const std::function<bool(const Slot&)>& which) {
  std::vector<Volume::At> changed;
  std::uint64_t live = 0;
  auto walked = volume.for_each([&](std::uint32_t index, const Slot& slot) {
    if (slot.state == state || slot.state == SlotState::kExpired || !which(slot)) return true;
    live += slot.state == SlotState::kLive ? 1 : 0;
    Slot ended = slot;
    ended.state = state;
    ended.changed = clock_.wall_now();
    ended.master = 0;
    ended.wrapped.clear();
    changed.push_back({index, std::move(ended)});
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  if (auto written = volume.rewrite(changed); !written) return std::unexpected(written.error());
  return live;
}

Result<bool> Vault::erase(const Ulid& receipt, std::string_view tenant) {
  flush();
  const std::scoped_lock lock(mutex_);
  const MonoTime now = clock_.mono_now();
  std::erase_if(erased_lately_, [&](const auto& one) { return now - one.second > kOnItsWay; });
  if (erased_lately_.size() >= kMostErasedLately)
    return fail(Code::kRateLimited, "too many receipts were erased one by one lately; erase by tenant, or try later");
  const bool again = !erased_lately_.emplace(receipt, now).second; // first: what is on its way meanwhile is dropped
  std::uint64_t live = 0;
  bool known = again;
  for (Volume& volume : volumes_) {
    if (!volume.may_hold(receipt)) continue;
    const auto found = volume.find(receipt);
    if (!found) return std::unexpected(found.error());
    if (!*found) continue;
    known = true;
    const auto ended = end_slots(volume, SlotState::kErased, [&](const Slot& slot) { return slot.receipt == receipt; });
    if (!ended) return std::unexpected(ended.error());
    live += *ended;
  }
  if (!known) { // a slot of its own says that it was erased
    Slot slot;
    slot.state = SlotState::kErased;
    slot.receipt = receipt;
    slot.tenant = tenant_tag(tenant);
    slot.changed = clock_.wall_now();
    if (auto stored = store("", slot, nullptr); !stored) return std::unexpected(stored.error());
    if (auto synced = volumes_.back().sync(); !synced) return std::unexpected(synced.error());
  }
  erased_.add(live);
  return live > 0;
}

Result<std::uint64_t> Vault::erase_tenant(std::string_view tenant, WallTime before) {
  flush();
  const std::scoped_lock lock(mutex_);
  const std::uint64_t tag = tenant_tag(tenant);
  const WallTime now = clock_.wall_now();
  std::erase_if(erased_tenants_, [&](const auto& one) { return one.second < now - kOnItsWay; });
  WallTime& mark = erased_tenants_[tag];
  mark = std::max(mark, before); // first: what is on its way meanwhile is dropped
  std::uint64_t live = 0;
  for (Volume& volume : volumes_) {
    if (volume.slots() == 0 || volume.oldest() >= before) continue;
    const auto ended = end_slots(volume, SlotState::kErased,
                                 [&](const Slot& slot) { return slot.tenant == tag && slot.receipt.time() < before; });
    if (!ended) return std::unexpected(ended.error());
    live += *ended;
  }
  erased_.add(live);
  return live;
}

void Vault::sweep() {
  flush();
  const std::scoped_lock lock(mutex_);
  sweep_locked();
}

void Vault::sweep_locked() {
  last_sweep_ = clock_.mono_now();
  const WallTime now = clock_.wall_now();
  std::deque<Volume> left;
  while (!volumes_.empty()) {
    Volume volume = std::move(volumes_.front());
    volumes_.pop_front();
    const bool is_current = writable_ && volumes_.empty();
    expire(volume, now);
    seal_anew(volume);
    const bool dropped = drop_if_empty(volume, is_current);
    if (!is_current) volume.close();
    if (!dropped) left.push_back(std::move(volume));
  }
  volumes_ = std::move(left);
}

void Vault::expire(Volume& volume, WallTime now) {
  if (retention_.empty() || volume.slots() == volume.ended() || now < volume.next_end) return;
  WallTime next = WallTime::max();
  const auto ended = end_slots(volume, SlotState::kExpired, [&](const Slot& slot) {
    const auto rule = retention_.find(slot.tenant);
    if (rule == retention_.end()) return false;
    const WallTime end = slot.receipt.time() + std::chrono::floor<WallTime::duration>(rule->second);
    if (now <= end) next = std::min(next, end);
    return now > end;
  });
  if (!ended) return report_failure(ended.error());
  volume.next_end = next;
  expired_.add(*ended);
}

/// Keys wrapped by an older master key are wrapped by today's, in place.
void Vault::seal_anew(Volume& volume) {
  if (keys_.empty() || volume.live() == 0 || volume.sealed_by == keys_.current_id()) return;
  std::vector<Volume::At> changed;
  auto walked = volume.for_each([&](std::uint32_t index, const Slot& slot) {
    const bool old = slot.state == SlotState::kLive && slot.master != keys_.current_id();
    const Key* master = old ? keys_.find(slot.master) : nullptr;
    if (master == nullptr) return true;
    const auto key = unwrap_key(wrapping_key(*master, volume.salt()), slot);
    if (!key) return true;
    Slot anew = slot;
    anew.master = keys_.current_id();
    anew.wrapped = wrap_key(wrapping_key(keys_.current(), volume.salt()), slot, *key);
    changed.push_back({index, std::move(anew)});
    return true;
  });
  auto written = walked ? volume.rewrite(changed) : walked;
  if (!written) return report_failure(written.error());
  volume.sealed_by = keys_.current_id();
  if (!changed.empty())
    observe::log_info("content", "keys of content were sealed anew with today's master key",
                      {{"receipts", changed.size()}});
}

/// Records that nothing opens go; then, once no slot has anything to tell any more, the slots too. True: all is gone.
bool Vault::drop_if_empty(Volume& volume, bool is_current) {
  if (is_current || volume.live() > 0 || volume.damaged() > 0) return false;
  auto gone = volume.has_body() ? volume.remove_body() : Result<>();
  const bool all = gone && volume.ended() == volume.slots();
  if (all) gone = volume.remove_all();
  if (!gone) report_failure(gone.error());
  return all && gone.has_value();
}

} // namespace kairos::content
