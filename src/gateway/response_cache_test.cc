// The cache's bounds, its order, its times, what is erased, and many threads at once.
#include "gateway/response_cache.h"

#include <gtest/gtest.h>

#include <thread>

namespace kairos::gateway {
namespace {

constexpr MonoTime kNow{std::chrono::seconds(1000)};
constexpr ResponseCache::Limits kWide{1 << 20, 1000};

CachedAnswerPtr answer(std::string tenant, std::string receipt, size_t size = 10,
                       MonoTime expires = kNow + std::chrono::seconds(60)) {
  auto made = std::make_shared<CachedAnswer>();
  made->tenant = std::move(tenant);
  made->receipt_id = std::move(receipt);
  made->body = std::string(size, 'x');
  made->expires = expires;
  return made;
}

TEST(ResponseCache, FindsWhatWasStoredUntilItExpires) {
  ResponseCache cache;
  EXPECT_EQ(cache.find("a", kNow), nullptr);
  cache.store("a", answer("t", "r1"), kWide);
  cache.store("a", answer("t", "r2"), kWide);
  EXPECT_EQ(cache.entries(), 1U);
  EXPECT_EQ(cache.find("a", kNow)->receipt_id, "r2");
  EXPECT_NE(cache.find("a", kNow + std::chrono::seconds(59)), nullptr);
  EXPECT_EQ(cache.find("a", kNow + std::chrono::seconds(60)), nullptr);
  EXPECT_EQ(cache.entries(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(ResponseCache, NeverHoldsMoreThanItsLimits) {
  ResponseCache cache;
  const ResponseCache::Limits few{100'000, 20};
  for (int i = 0; i < 500; ++i) {
    cache.store("key" + std::to_string(i), answer("t", "r" + std::to_string(i), static_cast<size_t>(i * 37 % 9000)),
                few);
    EXPECT_LE(cache.entries(), few.entries);
    EXPECT_LE(cache.bytes(), few.bytes);
    EXPECT_NE(cache.find("key" + std::to_string(i), kNow), nullptr) << "the newest one stays";
  }
  EXPECT_GE(cache.entries(), 5U);
  cache.store("huge", answer("t", "huge", 200'000), few);
  EXPECT_EQ(cache.find("huge", kNow), nullptr);
  cache.store("one", answer("t", "one"), {100'000, 1});
  EXPECT_EQ(cache.entries(), 1U);
  EXPECT_NE(cache.find("one", kNow), nullptr);
}

TEST(ResponseCache, WhatIsUsedStaysLonger) {
  ResponseCache cache;
  const ResponseCache::Limits few{1 << 20, 64};
  cache.store("used", answer("t", "used"), few);
  for (int i = 0; i < 2'000; ++i) {
    cache.store("key" + std::to_string(i), answer("t", "r"), few);
    ASSERT_NE(cache.find("used", kNow), nullptr) << i;
  }
}

TEST(ResponseCache, ErasesByReceiptAndByTenant) {
  ResponseCache cache;
  for (int i = 0; i < 100; ++i)
    cache.store("key" + std::to_string(i), answer(i % 2 == 0 ? "even" : "odd", "r" + std::to_string(i)), kWide);
  const auto held = cache.find("key4", kNow);
  EXPECT_EQ(cache.erase_receipt("even", "r4"), 1U);
  EXPECT_EQ(cache.erase_receipt("even", "r4"), 0U);
  EXPECT_EQ(cache.find("key4", kNow), nullptr);
  EXPECT_EQ(held->receipt_id, "r4") << "who is sending it goes on";
  EXPECT_EQ(cache.erase_tenant("odd"), 50U);
  EXPECT_EQ(cache.entries(), 49U);
  EXPECT_EQ(cache.erase_tenant("even"), 49U);
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(ResponseCache, WhatIsOnItsWayDuringAnErasureIsNotKept) {
  ResponseCache cache;
  const CachedAnswerPtr late = answer("t", "r1");
  cache.erase_tenant("t");
  cache.store("a", late, kWide);
  EXPECT_EQ(cache.find("a", kNow), nullptr);
  const auto next = std::make_shared<CachedAnswer>(*answer("t", "r2"));
  next->erasures = cache.erasures("t");
  cache.store("a", next, kWide);
  EXPECT_NE(cache.find("a", kNow), nullptr);
  cache.erase_receipt("t", "another");
  EXPECT_NE(cache.find("a", kNow), nullptr);
}

TEST(ResponseCache, ManyThreads) {
  ResponseCache cache;
  const ResponseCache::Limits few{50'000, 30};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) {
        const std::string key = "key" + std::to_string(i * (t + 1) % 97);
        const std::string tenant = "t" + std::to_string(t);
        const auto made = std::make_shared<CachedAnswer>(*answer(tenant, key, static_cast<size_t>(i % 3000)));
        made->erasures = cache.erasures(tenant);
        cache.store(key, made, few);
        const auto found = cache.find(key, kNow);
        EXPECT_TRUE(found == nullptr || found->receipt_id == key);
        if (i % 500 == 0) cache.erase_tenant(tenant);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  cache.store("last", answer("t", "last"), few);
  EXPECT_LE(cache.entries(), few.entries);
  EXPECT_LE(cache.bytes(), few.bytes);
}

} // namespace
} // namespace kairos::gateway
