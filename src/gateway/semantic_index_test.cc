// Which answers are near enough, and that none outlives the cache.
#include "gateway/semantic_index.h"

#include <gtest/gtest.h>

#include <limits>

namespace kairos::gateway {
namespace {

constexpr MonoTime kNow{std::chrono::seconds(1000)};

CachedAnswerPtr answer(std::string receipt, std::vector<float> meaning,
                       MonoTime expires = kNow + std::chrono::seconds(60)) {
  auto made = std::make_shared<CachedAnswer>();
  made->receipt_id = std::move(receipt);
  made->meaning = normalized(std::move(meaning));
  made->expires = expires;
  return made;
}

TEST(SemanticIndex, FindsTheNearestOfTheContextAboveTheThreshold) {
  SemanticIndex index;
  const auto near = answer("near", {1, 0.1F, 0});
  const auto nearer = answer("nearer", {1, 0.05F, 0});
  const auto other = answer("other", {0, 1, 0});
  const auto old = answer("old", {1, 0, 0}, kNow);
  for (const auto& one : {near, nearer, other, old}) index.add("context", one);
  const auto meaning = normalized({2, 0, 0});
  const auto found = index.find("context", meaning, 0.95, kNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer->receipt_id, "nearer");
  EXPECT_GT(found->similarity, 0.998);
  EXPECT_FALSE(index.find("context", meaning, 0.9999, kNow));
  EXPECT_FALSE(index.find("another context", meaning, 0.5, kNow));
  EXPECT_FALSE(index.find("context", normalized({1, 0}), 0.5, kNow)) << "of another model";
  EXPECT_FALSE(index.find("context", {}, 0.5, kNow));
}

TEST(SemanticIndex, WhatTheCacheLetsGoOfIsGone) {
  SemanticIndex index;
  auto held = answer("a", {1, 0});
  index.add("context", held);
  held.reset();
  EXPECT_FALSE(index.find("context", normalized({1, 0}), 0.5, kNow));
}

TEST(SemanticIndex, IsBounded) {
  SemanticIndex index;
  std::vector<CachedAnswerPtr> kept;
  for (size_t i = 0; i < 2 * SemanticIndex::kMostOfContext; ++i) {
    kept.push_back(answer(std::to_string(i), {1, static_cast<float>(i) / 10'000}));
    index.add("context", kept.back());
  }
  EXPECT_FALSE(index.find("context", kept.front()->meaning, 0.99999999, kNow)) << "the oldest ones gave way";
  EXPECT_TRUE(index.find("context", kept.back()->meaning, 0.9999, kNow));
  for (size_t i = 0; i < 10 * SemanticIndex::kMostContexts; ++i) index.add("c" + std::to_string(i), kept.back());
}

TEST(SemanticIndex, NumbersThatAreNoneMakeNoVector) {
  EXPECT_TRUE(normalized({0, 0}).empty());
  EXPECT_TRUE(normalized({}).empty());
  EXPECT_TRUE(normalized({std::numeric_limits<float>::infinity()}).empty());
  EXPECT_TRUE(normalized({std::numeric_limits<float>::quiet_NaN(), 1}).empty());
}

} // namespace
} // namespace kairos::gateway
