#include "telemetry/http_post.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "telemetry/testing/fake_receiver.h"

namespace kairos::telemetry {
namespace {

config::OtlpSignal signal_to(const FakeReceiver& receiver) {
  config::OtlpSignal signal;
  signal.url = receiver.url();
  return signal;
}

void expect_too_large(const FakeReceiver& receiver) {
  HttpPost post(signal_to(receiver), "0.1.0", [] { return false; });
  const auto answer = post.send("body");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_TRUE(answer->too_large);
  EXPECT_LE(answer->body.size(), kMaxAnswer);
}

TEST(HttpPost, AnswersAreBounded) {
  FakeReceiver receiver([](const std::string&) { return http(200, std::string(5u << 20, 'x')); });
  expect_too_large(receiver);
}

TEST(HttpPost, AGzipBombIsCountedAsItUnfolds) {
  const auto bomb = gzip(std::string(64u << 20, '\0'));
  ASSERT_TRUE(bomb.has_value());
  ASSERT_LT(bomb->size(), 1u << 20);
  FakeReceiver receiver([&](const std::string&) { return http(200, *bomb, "Content-Encoding: gzip\r\n"); });
  expect_too_large(receiver);
}

TEST(HttpPost, RetryAfterInSecondsAndAsADate) {
  const auto in_an_hour =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + std::chrono::minutes(30));
  char date[64];
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&in_an_hour));
  std::atomic<int> asked = 0;
  FakeReceiver receiver([&](const std::string&) {
    return http(503, "", asked++ == 0 ? "Retry-After: 7\r\n" : fmt::format("Retry-After: {}\r\n", date));
  });
  HttpPost post(signal_to(receiver), "0.1.0", [] { return false; });
  const auto seconds = post.send("x");
  const auto until = post.send("x");
  ASSERT_TRUE(seconds && until);
  EXPECT_EQ(seconds->retry_after_s, 7);
  EXPECT_NEAR(static_cast<double>(until->retry_after_s), 1800, 3);
}

} // namespace
} // namespace kairos::telemetry
