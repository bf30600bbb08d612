#include "ledger/rate_limits.h"

#include <gtest/gtest.h>

namespace kairos::ledger {
namespace {

const MonoTime kRateStart{std::chrono::hours(5)};

std::string header(const RateDecision& decision, std::string_view name) {
  for (const auto& [key, value] : decision.headers) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST(RateLimits, AMinutesAllowanceIsThereAtOnceAndComesBackEvenly) {
  RateLimits limits;
  const RateLimit limit{3, {}};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limits.admit("k", limit, 0, kRateStart).allowed) << i;
  const RateDecision refused = limits.admit("k", limit, 0, kRateStart + std::chrono::milliseconds(500));
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(header(refused, "Retry-After"), "20");
  EXPECT_EQ(header(refused, "x-ratelimit-limit-requests"), "3");
  EXPECT_EQ(header(refused, "x-ratelimit-remaining-requests"), "0");
  EXPECT_EQ(header(refused, "x-ratelimit-reset-requests"), "59.5s");
  EXPECT_TRUE(limits.admit("other", limit, 0, kRateStart).allowed);
  EXPECT_FALSE(limits.admit("k", limit, 0, kRateStart + std::chrono::nanoseconds(19'999'999'999)).allowed);
  EXPECT_TRUE(limits.admit("k", limit, 0, kRateStart + std::chrono::seconds(20)).allowed);
}

TEST(RateLimits, ARefusedRequestTakesNothingFromEitherBucket) {
  RateLimits limits;
  const RateLimit limit{10, 1000};
  EXPECT_TRUE(limits.admit("k", limit, 900, kRateStart).allowed);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limits.admit("k", limit, 200, kRateStart).allowed);
  const RateDecision small = limits.admit("k", limit, 100, kRateStart);
  EXPECT_TRUE(small.allowed);
  EXPECT_EQ(header(small, "x-ratelimit-remaining-requests"), "8");
  EXPECT_EQ(header(small, "x-ratelimit-remaining-tokens"), "0");
  EXPECT_EQ(header(small, "x-ratelimit-reset-tokens"), "1m0s");
  EXPECT_EQ(header(small, "Retry-After"), "(none)");
}

TEST(RateLimits, TokensAreCorrectedByTheTruth) {
  RateLimits limits;
  const RateLimit limit{{}, 1000};
  EXPECT_TRUE(limits.admit("k", limit, 1000, kRateStart).allowed);
  limits.correct("k", limit, 1000, 400, kRateStart);
  EXPECT_TRUE(limits.admit("k", limit, 600, kRateStart).allowed);
  limits.correct("k", limit, 600, 1'600, kRateStart);
  const RateDecision refused = limits.admit("k", limit, 1, kRateStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after_s, 61); // a minute of debt, then one token
  limits.correct("k", limit, 0, INT64_MAX, kRateStart);
  EXPECT_TRUE(limits.admit("k", limit, 1, kRateStart + std::chrono::minutes(11)).allowed); // debt has a bound
}

TEST(RateLimits, WhatCanNeverFitSaysSo) {
  RateLimits limits;
  const RateDecision refused = limits.admit("k", {100, 1000}, 1001, kRateStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_FALSE(refused.retry_after_s.has_value());
  EXPECT_NE(refused.reason.find("waiting does not help"), std::string::npos);
  EXPECT_FALSE(limits.admit("z", {0, {}}, 0, kRateStart).allowed);
  EXPECT_FALSE(limits.admit("z", {-5, {}}, 0, kRateStart).allowed);
  EXPECT_TRUE(limits.admit("free", {}, INT64_MAX, kRateStart).headers.empty());
}

TEST(RateLimits, AChangedLimitHoldsAtOnceAndTimeSteppingBackGivesNothing) {
  RateLimits limits;
  EXPECT_TRUE(limits.admit("k", {10, {}}, 0, kRateStart).allowed);
  EXPECT_TRUE(limits.admit("k", {1, {}}, 0, kRateStart).allowed);
  EXPECT_FALSE(limits.admit("k", {1, {}}, 0, kRateStart - std::chrono::hours(1)).allowed);
  EXPECT_FALSE(limits.admit("k", {1, {}}, 0, kRateStart).allowed);
}

TEST(RateLimits, MemoryIsBoundedByForgettingKeysThatAreFullAgain) {
  RateLimits limits;
  for (int i = 0; i < 200'000; ++i) limits.admit("key-" + std::to_string(i), {10, 1000}, 5, kRateStart);
  EXPECT_LE(limits.keys(), 16U * 8192U);
}

TEST(RateLimits, ResetTextIsOpenAis) {
  EXPECT_EQ(reset_text(std::chrono::milliseconds(12)), "12ms");
  EXPECT_EQ(reset_text(std::chrono::seconds(1)), "1s");
  EXPECT_EQ(reset_text(std::chrono::seconds(360)), "6m0s");
  EXPECT_EQ(reset_text(std::chrono::milliseconds(7660)), "7.66s");
}

} // namespace
} // namespace kairos::ledger
