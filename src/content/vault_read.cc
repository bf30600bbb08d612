// Reading one receipt's content, and searching in what is kept.
#include <algorithm>
#include <ranges>

#include "content/vault.h"

namespace kairos::content {
namespace {

Missing missing(Gone why, std::optional<WallTime> at = std::nullopt) { return {why, at}; }

} // namespace

std::expected<Kept, Missing> Vault::open_slot(Volume& volume, const Slot& slot) {
  if (slot.state == SlotState::kErased) return std::unexpected(missing(Gone::kErased, slot.changed));
  if (slot.state == SlotState::kExpired) return std::unexpected(missing(Gone::kExpired, slot.changed));
  if (slot.state == SlotState::kLost) return std::unexpected(missing(Gone::kLost, slot.changed));
  const Key* master = keys_.find(slot.master);
  if (master == nullptr) return std::unexpected(missing(Gone::kSealed));
  const auto key = unwrap_key(wrapping_key(*master, volume.salt()), slot);
  const auto record = key ? volume.read_record(slot) : std::unexpected(key.error());
  auto kept = record ? decode_record(*key, slot.receipt, *record) : std::unexpected(record.error());
  if (!kept) return std::unexpected(missing(Gone::kDamaged));
  return std::move(*kept);
}

std::expected<Kept, Missing> Vault::read(const Ulid& receipt) {
  flush();
  const std::scoped_lock lock(mutex_);
  for (Volume& volume : volumes_ | std::views::reverse) {
    if (!volume.may_hold(receipt)) continue;
    const auto found = volume.find(receipt);
    if (!found) return std::unexpected(missing(Gone::kDamaged));
    if (*found) return open_slot(volume, (*found)->slot);
  }
  return std::unexpected(missing(Gone::kNever));
}

Result<Searched> Vault::search(const Search& search) {
  flush();
  Searched done;
  const std::uint64_t tag = search.tenant.empty() ? 0 : tenant_tag(search.tenant);
  std::vector<std::uint64_t> numbers;
  {
    const std::scoped_lock lock(mutex_);
    for (const Volume& volume : volumes_ | std::views::reverse) {
      if (volume.live() > 0 && volume.newest() >= search.from && volume.oldest() < search.to)
        numbers.push_back(volume.number());
    }
  }
  for (const std::uint64_t number : numbers) {
    std::vector<Slot> slots;
    {
      const std::scoped_lock lock(mutex_);
      const auto volume = std::ranges::find(volumes_, number, &Volume::number);
      if (volume == volumes_.end()) continue;
      auto walked = volume->for_each([&](std::uint32_t, const Slot& slot) {
        const bool in_range = slot.receipt.time() >= search.from && slot.receipt.time() < search.to;
        if (slot.state == SlotState::kLive && in_range && (tag == 0 || slot.tenant == tag)) slots.push_back(slot);
        return true;
      });
      if (!walked) return std::unexpected(walked.error());
    }
    for (const Slot& slot : slots | std::views::reverse) {
      if (done.bytes >= search.most_bytes || !search.go_on()) {
        done.complete = false;
        return done;
      }
      std::expected<Kept, Missing> kept = std::unexpected(missing(Gone::kNever));
      { // per record, so that writing and erasing go on meanwhile
        const std::scoped_lock lock(mutex_);
        const auto volume = std::ranges::find(volumes_, number, &Volume::number);
        if (volume == volumes_.end()) break;
        if (was_erased(slot.receipt, slot.tenant)) continue;
        kept = open_slot(*volume, slot);
      }
      ++done.records;
      done.bytes += slot.length;
      if (!kept) {
        ++done.unreadable;
        continue;
      }
      done.bytes += kept->bytes();
      if (!search.visit(*kept)) {
        done.complete = false;
        return done;
      }
    }
  }
  return done;
}

} // namespace kairos::content
