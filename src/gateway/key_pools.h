// KeyPools: which of a pool's keys the next request uses: the operator's at a provider, or a tenant's own. Keys take
// turns; one that was refused rests. Shared by all loops, thread-safe. A provider with one key never takes the lock.
// Resting is remembered by key id, so it survives a reload of the configuration.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "config/provider.h"

namespace kairos::gateway {

/// Refers to keys of the configuration's snapshot.
struct KeyPool {
  KeyPool(const config::Provider& provider) : id(provider.id), keys(provider.keys) {} // the operator's
  /// A tenant's own.
  KeyPool(const std::string& tenant, const config::OwnKeys& own) : id(tenant + "\n" + own.provider), keys(own.keys) {}
  std::string id;
  std::span<const config::ProviderKey> keys;
};

class KeyPools {
public:
  static constexpr Duration kUsualRest = std::chrono::seconds(5);
  static constexpr Duration kRefusedRest = std::chrono::minutes(1); // 401 and 403: somebody has to look at it
  static constexpr Duration kLongestRest = std::chrono::minutes(5);

  /// The next key that does not rest; if all do, the one that is ready first. nullptr: the pool is empty. Points into
  /// the snapshot.
  const config::ProviderKey* pick(const KeyPool& pool, MonoTime now);
  /// True if some key of the pool does not rest.
  bool any_ready(const KeyPool& pool, MonoTime now);
  void rest(const KeyPool& pool, const std::string& key_id, MonoTime now, Duration time);

private:
  struct Pool {
    std::uint64_t turn = 0;
    std::map<std::string, MonoTime> resting_until; // by key id
  };
  Guarded<std::map<std::string, Pool, std::less<>>> pools_; // by KeyPool::id
};

} // namespace kairos::gateway
