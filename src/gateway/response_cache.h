// Answers that were given before, in the memory of this process: never on disk, so that what is erased here is gone.
// One for all loops; any thread. Each shard has a mutex of its own, held for a look-up in a map and never across I/O.
// What may be kept and what is the same request is decided elsewhere (flight_cache.cc, policy/cache_key.h).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "model/meter.h"

namespace kairos::gateway {

/// One answer, as the client got it.
struct CachedAnswer {
  std::string tenant;
  std::string receipt_id; // of the request that it was made for
  std::string content_type;
  std::string body;     // of a stream: its events but the last
  std::string terminal; // of a stream: the dialect's last event
  bool stream = false;
  std::string model_id;
  std::string provider;
  std::string region;
  std::string finish_reason;
  model::Usage usage;
  std::optional<Picodollars> cost; // of the attempt that made it
  std::vector<float> meaning;      // of its prompt, for the semantic cache (semantic_index.h); mostly empty
  std::uint64_t erasures = 0;      // ResponseCache::erasures() of the tenant when the request began
  MonoTime expires{};

  size_t bytes() const;
};
using CachedAnswerPtr = std::shared_ptr<const CachedAnswer>;

class ResponseCache {
public:
  struct Limits {
    size_t bytes = 0;
    size_t entries = 0;
  };

  /// nullptr: there is none, or none any more.
  CachedAnswerPtr find(std::string_view key, MonoTime now);
  /// Takes the place of what is there under the key. The least recently used ones make room, so that both limits hold.
  /// Nothing is kept if something of the tenant was erased since `answer->erasures`: it may have been this.
  void store(const std::string& key, CachedAnswerPtr answer, const Limits& limits);

  /// Forget what was answered to one request, or to a tenant, and what is on its way. How many answers there were. Hits
  /// keep answers alive only while they are sent.
  size_t erase_receipt(std::string_view tenant, std::string_view receipt_id);
  size_t erase_tenant(std::string_view tenant);
  /// Goes up with each erasing of the tenant's; tenants may share a number.
  std::uint64_t erasures(std::string_view tenant) const { return erasures_[place_of(tenant)].load(); }

  size_t entries() const { return entries_.load(std::memory_order_relaxed); }
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

private:
  struct Entry {
    std::string key;
    CachedAnswerPtr answer;
    std::uint64_t used = 0; // the higher, the later
  };
  using Order = std::list<Entry>; // the most recently used one first
  struct Shard {
    std::mutex mutex;
    Order order;
    std::unordered_map<std::string_view, Order::iterator> places; // keys are the entries' own
  };
  Shard& shard_of(std::string_view key);
  void remove(Shard& shard, Order::iterator place); // with the mutex held
  void make_room(const Limits& limits);
  size_t erase_if(std::string_view tenant, const std::function<bool(const CachedAnswer&)>& gone);
  static size_t place_of(std::string_view tenant) { return std::hash<std::string_view>()(tenant) % kCounters; }

  static constexpr size_t kCounters = 256;
  std::array<Shard, 8> shards_;
  std::array<std::atomic<std::uint64_t>, kCounters> erasures_{};
  std::atomic<size_t> bytes_{0};
  std::atomic<size_t> entries_{0};
  std::atomic<std::uint64_t> ticks_{0};
};

} // namespace kairos::gateway
