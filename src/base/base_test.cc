#include <gtest/gtest.h>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/money.h"
#include "base/ulid.h"

namespace kairos {
namespace {

TEST(Money, LineCostIsExactAtSixDecimalsAndRoundsHalfToEvenBeyond) {
  EXPECT_EQ(line_cost(4080, UnitPrice(3'000'000'000))->value(), 12'240'000'000);
  EXPECT_EQ(line_cost(1, UnitPrice(500))->value(), 0);  // 0.5 pico: to even
  EXPECT_EQ(line_cost(1, UnitPrice(1500))->value(), 2); // 1.5 pico: to even
  EXPECT_EQ(line_cost(-1, UnitPrice(1500))->value(), -2);
  EXPECT_EQ(line_cost(1, UnitPrice(501))->value(), 1);
  EXPECT_FALSE(line_cost(INT64_MAX, UnitPrice(INT64_MAX)).has_value());
}

TEST(Money, TextIsExactAndWithoutNoise) {
  EXPECT_EQ(usd(Picodollars(13'102'200'000)), "0.0131022");
  EXPECT_EQ(usd(Picodollars(0)), "0");
  EXPECT_EQ(usd(Picodollars(-12'400'000'000'000)), "-12.4");
  EXPECT_EQ(usd(Picodollars(1)), "0.000000000001");
  EXPECT_EQ(usd(Picodollars(INT64_MIN)), "-9223372.036854775808");
  EXPECT_EQ(usd_sum(PicoSum{1} << 80), "1208925819614.629174706176");
  EXPECT_EQ(usd_per_million(UnitPrice(75'000'000)), "0.075");
}

TEST(Money, ReadsDecimalsAndRefusesTheRestWithAReason) {
  EXPECT_EQ(parse_usd("0.25")->value(), 250'000'000'000);
  EXPECT_EQ(parse_usd("1e-3")->value(), 1'000'000'000);
  EXPECT_EQ(parse_usd("0e40")->value(), 0);
  EXPECT_EQ(parse_usd("-1.50")->value(), -1'500'000'000'000);
  EXPECT_EQ(parse_usd_per_million("0.08333")->value(), 83'330'000);
  for (const char* bad :
       {"", "-", ".", "NaN", "inf", "$1", "1,000", "1.2.3", "1e", "1e99", "0.0000000000001", "1e30", " 1"}) {
    const auto result = parse_usd(bad);
    ASSERT_FALSE(result.has_value()) << bad;
    EXPECT_NE(result.error().message.find("not an amount"), std::string::npos);
  }
}

TEST(Money, SumsSaturateInsteadOfWrapping) {
  EXPECT_EQ((Picodollars(INT64_MAX) + Picodollars(1)).value(), INT64_MAX);
  EXPECT_EQ((Picodollars(INT64_MIN) - Picodollars(1)).value(), INT64_MIN);
}

TEST(Time, RoundTripsAndNormalisesOffsets) {
  const auto time = parse_rfc3339("2026-04-24T15:07:42.318004999+02:00");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(to_rfc3339(*time), "2026-04-24T13:07:42.318004Z");
  EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-02-28")), "2026-02-28T00:00:00.000000Z");
  for (const char* bad :
       {"", "2026-02-30", "2026-04-24T25:00:00Z", "2026-04-24T13:07:42", "2026-04-24T13:07:42.Z", "x"}) {
    EXPECT_FALSE(parse_rfc3339(bad).has_value()) << bad;
  }
}

TEST(Ulid, IncreasesWithinAMillisecondAndWhenTheClockStepsBack) {
  UlidGenerator ids(7);
  const WallTime now = *parse_rfc3339("2026-04-24T13:07:42.318Z");
  Ulid last = ids.next(now);
  for (const int step : {0, 0, 1, -500, 0, 2}) {
    const Ulid next = ids.next(now + std::chrono::milliseconds(step));
    EXPECT_LT(last, next);
    EXPECT_LT(last.text(), next.text());
    last = next;
  }
  EXPECT_EQ(Ulid::parse(last.text()), last);
  EXPECT_EQ(to_rfc3339(last.time()), "2026-04-24T13:07:42.320000Z");
  EXPECT_EQ(parse_receipt_id(receipt_id(last)), last);
  EXPECT_FALSE(parse_receipt_id("rcpt_01JKEZ4F9T8QX2M7RA").has_value());
  EXPECT_FALSE(Ulid::parse("8ZZZZZZZZZZZZZZZZZZZZZZZZZ").has_value());
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsAfterClose) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.refused(), 1U);
  queue.close();
  std::vector<int> taken;
  EXPECT_TRUE(queue.take_all(taken, std::chrono::seconds(1)));
  EXPECT_EQ(taken, (std::vector<int>{1, 2}));
  EXPECT_FALSE(queue.take_all(taken, std::chrono::seconds(1)));
}

TEST(Hex, RoundTrips) {
  const std::vector<std::uint8_t> bytes{0x00, 0xab, 0xff};
  EXPECT_EQ(to_hex(bytes), "00abff");
  EXPECT_EQ(from_hex("00aBfF"), bytes);
  EXPECT_FALSE(from_hex("0").has_value());
  EXPECT_FALSE(from_hex("zz").has_value());
}

} // namespace
} // namespace kairos
