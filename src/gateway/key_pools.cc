#include "gateway/key_pools.h"

#include <algorithm>

namespace kairos::gateway {

const config::ProviderKey* KeyPools::pick(const KeyPool& from, MonoTime now) {
  if (from.keys.empty()) return nullptr;
  if (from.keys.size() == 1) return &from.keys.front();
  return pools_.with([&](auto& pools) {
    Pool& pool = pools[from.id];
    const config::ProviderKey* best = nullptr;
    MonoTime best_ready{};
    const size_t first = pool.turn++ % from.keys.size();
    for (size_t i = 0; i < from.keys.size(); ++i) {
      const config::ProviderKey& key = from.keys[(first + i) % from.keys.size()];
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

bool KeyPools::any_ready(const KeyPool& from, MonoTime now) {
  return pools_.with([&](auto& pools) {
    const Pool& pool = pools[from.id];
    return std::ranges::any_of(from.keys, [&](const config::ProviderKey& key) {
      const auto resting = pool.resting_until.find(key.id);
      return resting == pool.resting_until.end() || resting->second <= now;
    });
  });
}

void KeyPools::rest(const KeyPool& from, const std::string& key_id, MonoTime now, Duration time) {
  pools_.with([&](auto& pools) { pools[from.id].resting_until[key_id] = now + std::min(time, kLongestRest); });
}

} // namespace kairos::gateway
