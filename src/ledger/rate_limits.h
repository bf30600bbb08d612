// Requests and tokens per minute for each key: token buckets that hold one minute's allowance and refill continuously.
// A refused request takes nothing. Tokens are taken by estimate and corrected when the true number is known.
// Thread-safe; a few words of memory per key, and keys whose buckets are full again are forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/money.h"

namespace kairos::ledger {

/// Limits ≤ 0 admit nothing; nullopt does not limit.
struct RateLimit {
  std::optional<std::int64_t> requests_per_minute;
  std::optional<std::int64_t> tokens_per_minute;
};

struct RateDecision {
  bool allowed = true;
  std::string reason;                        // for a person, if refused
  std::optional<std::int64_t> retry_after_s; // whole seconds, at least 1; nullopt if waiting does not help
  std::vector<std::pair<std::string, std::string>> headers; // x-ratelimit-*, Retry-After
};

class RateLimits {
public:
  /// Takes one request and `tokens` from the key's buckets, or nothing.
  RateDecision admit(std::string_view key_id, const RateLimit& limit, std::int64_t tokens, MonoTime now);
  /// The request took `actual` tokens, not the `estimated` ones. The excess becomes debt, at most ten minutes' worth.
  void correct(std::string_view key_id, const RateLimit& limit, std::int64_t estimated, std::int64_t actual,
               MonoTime now);
  /// Keys remembered now.
  size_t keys() const;

private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kMaxKeysPerShard = 8192; // over it, full buckets are forgotten, else the oldest quarter
  /// level: allowance × nanoseconds per minute, so that refilling is exact in integers.
  struct Bucket {
    std::int64_t limit = 0;
    Int128 level = 0;
  };
  struct Key {
    std::optional<Bucket> requests;
    std::optional<Bucket> tokens;
    MonoTime seen{};
  };
  struct Shard {
    mutable std::mutex mutex;
    std::map<std::string, Key, std::less<>> keys;
  };
  static void refill(Key& key, const RateLimit& limit, MonoTime now);
  static Key& find(Shard& shard, std::string_view key_id, const RateLimit& limit, MonoTime now);
  static void forget_idle(Shard& shard, MonoTime now);
  Shard& shard_of(std::string_view key_id);

  std::array<Shard, kShards> shards_;
};

/// OpenAI's format of reset headers: "12ms", "1s", "6m0s".
std::string reset_text(std::chrono::nanoseconds wait);

} // namespace kairos::ledger
