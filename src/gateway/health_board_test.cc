#include "gateway/health_board.h"

#include <gtest/gtest.h>

#include "gateway/key_pools.h"

namespace kairos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kStart{std::chrono::hours(1)};

void fail_times(TargetRecord& record, int times, MonoTime now) {
  for (int i = 0; i < times; ++i) {
    if (record.admit(now)) record.failed(now);
  }
}

TEST(Breaker, OpensAfterFailuresInARowAndLetsOneProbeThrough) {
  TargetRecord record;
  fail_times(record, TargetRecord::kFailuresInARow - 1, kStart);
  EXPECT_TRUE(record.admit(kStart));
  record.failed(kStart);
  EXPECT_FALSE(record.admit(kStart));
  EXPECT_FALSE(record.health(kStart).available);
  const MonoTime later = kStart + TargetRecord::kFirstPause;
  EXPECT_TRUE(record.health(later).available);
  EXPECT_TRUE(record.admit(later)) << "the probe";
  EXPECT_FALSE(record.admit(later)) << "one at a time";
  record.succeeded(later, milliseconds(100), std::nullopt, 0);
  EXPECT_TRUE(record.admit(later));
}

TEST(Breaker, PauseDoublesWithEveryFailedProbeUpToItsLimit) {
  TargetRecord record;
  fail_times(record, TargetRecord::kFailuresInARow, kStart);
  MonoTime now = kStart;
  Duration pause = TargetRecord::kFirstPause;
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(record.admit(now + pause - milliseconds(1)));
    now += pause;
    ASSERT_TRUE(record.admit(now));
    record.failed(now);
    pause = std::min(pause * 2, TargetRecord::kLongestPause);
  }
  EXPECT_EQ(pause, TargetRecord::kLongestPause);
}

TEST(Breaker, ProbeThatSaysNothingMakesRoomForTheNext) {
  TargetRecord record;
  fail_times(record, TargetRecord::kFailuresInARow, kStart);
  const MonoTime later = kStart + TargetRecord::kFirstPause;
  ASSERT_TRUE(record.admit(later));
  record.abandoned();
  EXPECT_TRUE(record.admit(later));
}

TEST(Breaker, OpensWhenHalfOfManyFailAndForgetsWhatIsOlderThanTheWindow) {
  TargetRecord record;
  for (int i = 0; i < 9; ++i) {
    record.succeeded(kStart, milliseconds(10), std::nullopt, 0);
    record.failed(kStart);
  }
  EXPECT_TRUE(record.admit(kStart)) << "too few to tell";
  const MonoTime after_window = kStart + std::chrono::minutes(6);
  record.succeeded(after_window, milliseconds(10), std::nullopt, 0);
  record.failed(after_window);
  EXPECT_TRUE(record.admit(after_window)) << "the old ones count no longer";
  for (int i = 0; i < 9; ++i) {
    record.succeeded(after_window, milliseconds(10), std::nullopt, 0);
    record.failed(after_window);
  }
  EXPECT_FALSE(record.admit(after_window));
}

TEST(Health, PercentilesAndThroughputOfTheWindow) {
  TargetRecord record;
  for (int i = 1; i <= 100; ++i) record.succeeded(kStart, milliseconds(10 * i), milliseconds(5), 10 * i - 5);
  const model::TargetHealth health = record.health(kStart);
  ASSERT_TRUE(health.latency_p50_ms && health.latency_p95_ms && health.ttft_p50_ms && health.tokens_per_second);
  EXPECT_GE(*health.latency_p50_ms, 500);
  EXPECT_LE(*health.latency_p50_ms, 595);
  EXPECT_GE(*health.latency_p95_ms, 950);
  EXPECT_LE(*health.latency_p95_ms, 1130);
  EXPECT_EQ(*health.ttft_p50_ms, 5);
  EXPECT_EQ(*health.ttft_p95_ms, 5);
  EXPECT_LE(*health.latency_p50_ms, *health.latency_p75_ms);
  EXPECT_LE(*health.latency_p75_ms, *health.latency_p95_ms);
  EXPECT_GT(health.requests, 0);
  EXPECT_EQ(health.failures, 0);
  EXPECT_NEAR(*health.tokens_per_second, 1000, 1);
  EXPECT_FALSE(record.health(kStart + std::chrono::minutes(6)).latency_p50_ms);
}

TEST(Health, PictureShowsAnOpenBreakerWithinItsAge) {
  HealthBoard board;
  EXPECT_TRUE(board.picture(kStart)->targets.empty());
  fail_times(board.of("p/m/r"), TargetRecord::kFailuresInARow, kStart);
  const auto health = board.picture(kStart + HealthBoard::kPictureAge);
  ASSERT_NE(health->find("p/m/r"), nullptr);
  EXPECT_FALSE(health->find("p/m/r")->available);
}

config::Provider provider_with_keys(int count) {
  config::Provider provider;
  provider.id = "p";
  for (int i = 0; i < count; ++i) provider.keys.push_back({"key" + std::to_string(i), config::Secret("secret")});
  return provider;
}

TEST(KeyPools, KeysTakeTurnsAndRefusedOnesRest) {
  KeyPools pools;
  const config::Provider provider = provider_with_keys(3);
  EXPECT_EQ(pools.pick(provider, kStart)->id, "key0");
  EXPECT_EQ(pools.pick(provider, kStart)->id, "key1");
  pools.rest(provider, "key2", kStart, seconds(5));
  EXPECT_EQ(pools.pick(provider, kStart)->id, "key0");
  pools.rest(provider, "key0", kStart, seconds(9));
  pools.rest(provider, "key1", kStart, seconds(7));
  EXPECT_FALSE(pools.any_ready(provider, kStart));
  EXPECT_EQ(pools.pick(provider, kStart)->id, "key2") << "ready first";
  EXPECT_TRUE(pools.any_ready(provider, kStart + seconds(5)));
}

TEST(KeyPools, ProviderWithoutKeysHasNone) {
  KeyPools pools;
  EXPECT_EQ(pools.pick(provider_with_keys(0), kStart), nullptr);
}

} // namespace
} // namespace kairos::gateway
