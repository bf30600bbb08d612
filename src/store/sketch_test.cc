// The scale's promise: whatever is counted, a percentile is at most 1 % away, and exact below 100.
#include "store/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace kairos::store {
namespace {

TEST(Sketch, EveryNumberIsAtMostOnePerCentFromItsBucketsValue) {
  for (std::int64_t value = 0; value < 3'000'000; ++value) {
    const std::int64_t said = sketch_value(sketch_bucket(value));
    ASSERT_LE(std::abs(said - value) * 100, value) << value;
    if (value < 100) {
      ASSERT_EQ(said, value);
    }
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() % INT32_MAX);
    ASSERT_LE(std::abs(sketch_value(sketch_bucket(value)) - value) * 100, value) << value;
  }
}

TEST(Sketch, BucketsAreInOrderAndFewEnoughForTheirColumn) {
  std::int32_t before = -1;
  for (std::int64_t value = 0; value < INT32_MAX; value += 1 + value / 200) {
    EXPECT_GE(sketch_bucket(value), before);
    before = sketch_bucket(value);
  }
  EXPECT_LT(sketch_bucket(INT64_MAX), INT16_MAX);
  EXPECT_EQ(sketch_bucket(-5), 0);
  EXPECT_EQ(sketch_bucket(INT32_MAX), sketch_bucket(INT64_MAX));
}

TEST(Sketch, MergedPercentilesAreWithinTheBound) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> values;
    SketchCounts counts;
    const size_t many = 1 + random() % 2000;
    for (size_t i = 0; i < many; ++i) {
      values.push_back(static_cast<std::int64_t>(random() % (1 + random() % (1ULL << (random() % 31)))));
      counts.emplace_back(sketch_bucket(values.back()), 1);
    }
    std::ranges::sort(values);
    for (const int per_cent : {50, 95, 99}) {
      const std::int64_t exact = values[(values.size() * static_cast<size_t>(per_cent) + 99) / 100 - 1];
      EXPECT_LE(std::abs(*sketch_percentile(counts, per_cent) - exact) * 100, exact);
    }
  }
  EXPECT_FALSE(sketch_percentile({}, 50));
  EXPECT_FALSE(sketch_percentile({{7, 1}, {7, -1}}, 50));
}

} // namespace
} // namespace kairos::store
