#include "gateway/key_pools.h"

#include <algorithm>

namespace kairos::gateway {

const config::ProviderKey* KeyPools::pick(const config::Provider& provider, MonoTime now) {
  if (provider.keys.empty()) return nullptr;
  if (provider.keys.size() == 1) return &provider.keys.front();
  return pools_.with([&](auto& pools) {
    Pool& pool = pools[provider.id];
    const config::ProviderKey* best = nullptr;
    MonoTime best_ready{};
    const size_t first = pool.turn++ % provider.keys.size();
    for (size_t i = 0; i < provider.keys.size(); ++i) {
      const config::ProviderKey& key = provider.keys[(first + i) % provider.keys.size()];
      const auto resting = pool.resting_until.find(key.id);
      const MonoTime ready = resting == pool.resting_until.end() ? MonoTime{} : resting->second;
      if (ready <= now) return &key;
      if (best == nullptr || ready < best_ready) {
        best = &key;
        best_ready = ready;
      }
    }
    return best;
  });
}

bool KeyPools::any_ready(const config::Provider& provider, MonoTime now) {
  return pools_.with([&](auto& pools) {
    const Pool& pool = pools[provider.id];
    return std::ranges::any_of(provider.keys, [&](const config::ProviderKey& key) {
      const auto resting = pool.resting_until.find(key.id);
      return resting == pool.resting_until.end() || resting->second <= now;
    });
  });
}

void KeyPools::rest(const config::Provider& provider, const std::string& key_id, MonoTime now, Duration time) {
  pools_.with([&](auto& pools) { pools[provider.id].resting_until[key_id] = now + std::min(time, kLongestRest); });
}

} // namespace kairos::gateway
