#include "gateway/response_cache.h"

namespace kairos::gateway {
namespace {

constexpr size_t kOverhead = 512; // of an entry: nodes, pointers, small strings

} // namespace

size_t CachedAnswer::bytes() const {
  return kOverhead + body.size() + terminal.size() + tenant.size() + receipt_id.size() + content_type.size() +
         model_id.size() + provider.size() + region.size() + finish_reason.size() + meaning.size() * sizeof(float);
}

ResponseCache::Shard& ResponseCache::shard_of(std::string_view key) {
  return shards_[std::hash<std::string_view>()(key) % shards_.size()];
}

void ResponseCache::remove(Shard& shard, Order::iterator place) {
  bytes_.fetch_sub(place->answer->bytes(), std::memory_order_relaxed);
  entries_.fetch_sub(1, std::memory_order_relaxed);
  shard.places.erase(place->key);
  shard.order.erase(place);
}

CachedAnswerPtr ResponseCache::find(std::string_view key, MonoTime now) {
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.places.find(key);
  if (found == shard.places.end()) return nullptr;
  const Order::iterator place = found->second;
  if (place->answer->expires <= now) return remove(shard, place), nullptr;
  shard.order.splice(shard.order.begin(), shard.order, place);
  place->used = ++ticks_;
  return place->answer;
}

void ResponseCache::store(const std::string& key, CachedAnswerPtr answer, const Limits& limits) {
  const size_t size = answer->bytes();
  if (size > limits.bytes || limits.entries == 0) return;
  {
    Shard& shard = shard_of(key);
    const std::scoped_lock lock(shard.mutex);
    if (answer->erasures != erasures(answer->tenant)) return;
    if (const auto old = shard.places.find(key); old != shard.places.end()) remove(shard, old->second);
    shard.order.push_front({key, std::move(answer), ++ticks_});
    shard.places.emplace(shard.order.front().key, shard.order.begin());
    bytes_.fetch_add(size, std::memory_order_relaxed);
    entries_.fetch_add(1, std::memory_order_relaxed);
  }
  make_room(limits);
}

/// The least recently used one of all shards goes, until what is left fits. Each shard is locked for itself, so that
/// under many threads it may be one of the least recently used.
void ResponseCache::make_room(const Limits& limits) {
  while (bytes() > limits.bytes || entries() > limits.entries) {
    Shard* oldest = nullptr;
    std::uint64_t least = 0;
    for (Shard& shard : shards_) {
      const std::scoped_lock lock(shard.mutex);
      if (shard.order.empty() || (oldest != nullptr && shard.order.back().used >= least)) continue;
      oldest = &shard;
      least = shard.order.back().used;
    }
    if (oldest == nullptr) return;
    const std::scoped_lock lock(oldest->mutex);
    if (!oldest->order.empty()) remove(*oldest, std::prev(oldest->order.end()));
  }
}

/// Counted first: what store() takes in before that is met in its shard, and what comes later is not taken in.
size_t ResponseCache::erase_if(std::string_view tenant, const std::function<bool(const CachedAnswer&)>& gone) {
  ++erasures_[place_of(tenant)];
  size_t count = 0;
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    for (auto place = shard.order.begin(); place != shard.order.end();) {
      const auto next = std::next(place);
      if (gone(*place->answer)) {
        remove(shard, place);
        ++count;
      }
      place = next;
    }
  }
  return count;
}

size_t ResponseCache::erase_receipt(std::string_view tenant, std::string_view receipt_id) {
  return erase_if(tenant, [&](const CachedAnswer& answer) { return answer.receipt_id == receipt_id; });
}

size_t ResponseCache::erase_tenant(std::string_view tenant) {
  return erase_if(tenant, [&](const CachedAnswer& answer) { return answer.tenant == tenant; });
}

} // namespace kairos::gateway
