#include "ledger/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kairos::ledger {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000; // nanoseconds
constexpr int kMaxDebtMinutes = 10;

Int128 full(std::int64_t limit) { return Int128{limit} * kMinute; }

/// Nanoseconds until the level has risen by `missing`.
std::chrono::nanoseconds wait_for(Int128 missing, std::int64_t limit) {
  if (missing <= 0) return std::chrono::nanoseconds(0);
  const Int128 wait = (missing + limit - 1) / limit;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min<Int128>(wait, Int128{kMinute} * 60)));
}

void add_headers(RateDecision& decision, std::string_view what, std::int64_t limit, Int128 level) {
  const Int128 left = std::max<Int128>(level, 0) / kMinute;
  const auto name = [&](std::string_view field) { return fmt::format("x-ratelimit-{}-{}", field, what); };
  decision.headers.emplace_back(name("limit"), std::to_string(limit));
  decision.headers.emplace_back(name("remaining"), std::to_string(static_cast<std::int64_t>(left)));
  const auto reset = limit > 0 ? wait_for(full(limit) - level, limit) : std::chrono::nanoseconds(kMinute);
  decision.headers.emplace_back(name("reset"), reset_text(reset));
}

/// Notes a refusal if the bucket cannot give `wanted`.
void check_limit(RateDecision& decision, std::string_view what, std::int64_t limit, Int128 level, std::int64_t wanted) {
  if (level >= full(wanted)) return;
  decision.allowed = false;
  if (wanted > limit) {
    decision.reason = fmt::format(
        "this request needs {} {} and the key's limit is {} per minute: waiting does not help", wanted, what, limit);
    decision.retry_after_s.reset();
    return;
  }
  const auto wait = wait_for(full(wanted) - level, limit);
  const std::int64_t seconds = (wait.count() + 999'999'999) / 1'000'000'000;
  if (!decision.reason.empty() && decision.retry_after_s.value_or(INT64_MAX) >= seconds) return;
  decision.reason =
      fmt::format("the key's limit of {} {} per minute is reached; try again in {} s", limit, what, seconds);
  decision.retry_after_s = seconds;
}

} // namespace

std::string reset_text(std::chrono::nanoseconds wait) {
  const std::int64_t ms = std::max<std::int64_t>(0, (wait.count() + 999'999) / 1'000'000);
  if (ms < 1000) return fmt::format("{}ms", ms);
  const std::int64_t minutes = ms / 60'000;
  std::string seconds = fmt::format("{}.{:03}", ms % 60'000 / 1000, ms % 1000);
  seconds.erase(seconds.find_last_not_of('0') + 1);
  if (seconds.back() == '.') seconds.pop_back();
  return minutes > 0 ? fmt::format("{}m{}s", minutes, seconds) : seconds + "s";
}

void RateLimits::refill(Key& key, const RateLimit& limit, MonoTime now) {
  const std::int64_t passed = std::clamp<std::int64_t>((now - key.seen).count(), 0, (kMaxDebtMinutes + 1) * kMinute);
  key.seen = std::max(key.seen, now);
  const auto one = [&](std::optional<Bucket>& bucket, const std::optional<std::int64_t>& per_minute) {
    if (!per_minute) return bucket.reset();
    const std::int64_t allowance = std::max<std::int64_t>(*per_minute, 0);
    if (!bucket) bucket = Bucket{allowance, full(allowance)};
    bucket->limit = allowance;
    bucket->level = std::min(bucket->level + Int128{passed} * allowance, full(allowance));
  };
  one(key.requests, limit.requests_per_minute);
  one(key.tokens, limit.tokens_per_minute);
}

void RateLimits::forget_idle(Shard& shard, MonoTime now) {
  const auto refilled = [](const std::optional<Bucket>& bucket, std::int64_t passed) {
    return !bucket || bucket->level + Int128{passed} * bucket->limit >= full(bucket->limit);
  };
  std::erase_if(shard.keys, [&](const auto& item) {
    const std::int64_t passed =
        std::clamp<std::int64_t>((now - item.second.seen).count(), 0, (kMaxDebtMinutes + 1) * kMinute);
    return refilled(item.second.requests, passed) && refilled(item.second.tokens, passed);
  });
  if (shard.keys.size() < kMaxKeysPerShard) return;
  // A quarter at once, so that a flood of new keys does not pay for a scan each time.
  std::vector<MonoTime> seen;
  for (const auto& item : shard.keys) seen.push_back(item.second.seen);
  const auto quarter = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 4);
  std::nth_element(seen.begin(), quarter, seen.end());
  size_t left = seen.size() / 4;
  std::erase_if(shard.keys, [&](const auto& item) {
    const bool goes = left > 0 && item.second.seen <= *quarter;
    if (goes) --left;
    return goes;
  });
}

RateLimits::Shard& RateLimits::shard_of(std::string_view key_id) {
  return shards_[std::hash<std::string_view>{}(key_id) % kShards];
}

RateLimits::Key& RateLimits::find(Shard& shard, std::string_view key_id, const RateLimit& limit, MonoTime now) {
  auto found = shard.keys.find(key_id);
  if (found == shard.keys.end()) {
    if (shard.keys.size() >= kMaxKeysPerShard) forget_idle(shard, now);
    found = shard.keys.emplace(key_id, Key{{}, {}, now}).first;
  }
  refill(found->second, limit, now);
  return found->second;
}

RateDecision RateLimits::admit(std::string_view key_id, const RateLimit& limit, std::int64_t tokens, MonoTime now) {
  RateDecision decision;
  if (!limit.requests_per_minute && !limit.tokens_per_minute) return decision;
  const std::int64_t wanted = std::max<std::int64_t>(tokens, 0);
  Shard& shard = shard_of(key_id);
  const std::scoped_lock lock(shard.mutex);
  Key& key = find(shard, key_id, limit, now);
  if (key.requests) check_limit(decision, "requests", key.requests->limit, key.requests->level, 1);
  if (key.tokens) check_limit(decision, "tokens", key.tokens->limit, key.tokens->level, wanted);
  if (decision.allowed) {
    if (key.requests) key.requests->level -= kMinute;
    if (key.tokens) key.tokens->level -= full(wanted);
  }
  if (key.requests) add_headers(decision, "requests", key.requests->limit, key.requests->level);
  if (key.tokens) add_headers(decision, "tokens", key.tokens->limit, key.tokens->level);
  if (decision.retry_after_s) decision.headers.emplace_back("Retry-After", std::to_string(*decision.retry_after_s));
  return decision;
}

void RateLimits::correct(std::string_view key_id, const RateLimit& limit, std::int64_t estimated, std::int64_t actual,
                         MonoTime now) {
  if (!limit.tokens_per_minute) return;
  Shard& shard = shard_of(key_id);
  const std::scoped_lock lock(shard.mutex);
  Key& key = find(shard, key_id, limit, now);
  if (!key.tokens) return;
  Bucket& bucket = *key.tokens;
  const Int128 level =
      bucket.level + full(std::max<std::int64_t>(estimated, 0)) - full(std::max<std::int64_t>(actual, 0));
  bucket.level = std::clamp<Int128>(level, -full(bucket.limit) * kMaxDebtMinutes, full(bucket.limit));
}

size_t RateLimits::keys() const {
  size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    count += shard.keys.size();
  }
  return count;
}

} // namespace kairos::ledger
