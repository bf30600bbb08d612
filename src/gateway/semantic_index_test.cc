// Which answers are near enough, and that none outlives the cache.
#include "gateway/semantic_index.h"

#include <gtest/gtest.h>

#include <limits>

namespace kairos::gateway {
namespace {

constexpr MonoTime kIndexNow{std::chrono::seconds(1000)};

CachedAnswerPtr answer_meaning(std::string receipt, std::vector<float> meaning,
                               MonoTime expires = kIndexNow + std::chrono::seconds(60)) {
  auto made = std::make_shared<CachedAnswer>();
  made->receipt_id = std::move(receipt);
  made->meaning = normalized(std::move(meaning));
  made->expires = expires;
  return made;
}

TEST(SemanticIndex, FindsTheNearestOfTheContextAboveTheThreshold) {
  SemanticIndex index;
  const auto near = answer_meaning("near", {1, 0.1F, 0});
  const auto nearer = answer_meaning("nearer", {1, 0.05F, 0});
  const auto other = answer_meaning("other", {0, 1, 0});
  const auto old = answer_meaning("old", {1, 0, 0}, kIndexNow);
  for (const auto& one : {near, nearer, other, old}) index.add("context", one);
  const auto meaning = normalized({2, 0, 0});
  const auto found = index.find("context", meaning, 0.95, kIndexNow);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer->receipt_id, "nearer");
  EXPECT_GT(found->similarity, 0.998);
  EXPECT_FALSE(index.find("context", meaning, 0.9999, kIndexNow));
  EXPECT_FALSE(index.find("another context", meaning, 0.5, kIndexNow));
  EXPECT_FALSE(index.find("context", normalized({1, 0}), 0.5, kIndexNow)) << "of another model";
  EXPECT_FALSE(index.find("context", {}, 0.5, kIndexNow));
}

TEST(SemanticIndex, WhatTheCacheLetsGoOfIsGone) {
  SemanticIndex index;
  auto held = answer_meaning("a", {1, 0});
  index.add("context", held);
  held.reset();
  EXPECT_FALSE(index.find("context", normalized({1, 0}), 0.5, kIndexNow));
}

TEST(SemanticIndex, IsBounded) {
  SemanticIndex index;
  std::vector<CachedAnswerPtr> kept;
  for (size_t i = 0; i < 2 * SemanticIndex::kMostOfContext; ++i) {
    kept.push_back(answer_meaning(std::to_string(i), {1, static_cast<float>(i) / 10'000}));
    index.add("context", kept.back());
  }
  EXPECT_FALSE(index.find("context", kept.front()->meaning, 0.99999999, kIndexNow)) << "the oldest ones gave way";
  EXPECT_TRUE(index.find("context", kept.back()->meaning, 0.9999, kIndexNow));
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
