// KeyPools: which of a provider's keys the next request uses. Keys take turns; one that was refused rests. Shared by
// all loops, thread-safe. A provider with one key never takes the lock. Resting is remembered by key id, so it survives
// a reload of the configuration.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "config/provider.h"

namespace kairos::gateway {

class KeyPools {
public:
  static constexpr Duration kUsualRest = std::chrono::seconds(5);
  static constexpr Duration kRefusedRest = std::chrono::minutes(1); // 401 and 403: somebody has to look at it
  static constexpr Duration kLongestRest = std::chrono::minutes(5);

  /// The next key that does not rest; if all do, the one that is ready first. nullptr: the provider has none. Points
  /// into `provider`.
  const config::ProviderKey* pick(const config::Provider& provider, MonoTime now);
  /// True if some key of the provider does not rest.
  bool any_ready(const config::Provider& provider, MonoTime now);
  void rest(const config::Provider& provider, const std::string& key_id, MonoTime now, Duration time);

private:
  struct Pool {
    std::uint64_t turn = 0;
    std::map<std::string, MonoTime> resting_until; // by key id
  };
  Guarded<std::map<std::string, Pool, std::less<>>> pools_; // by provider id
};

} // namespace kairos::gateway
