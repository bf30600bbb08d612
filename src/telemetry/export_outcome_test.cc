#include "telemetry/export_outcome.h"

#include <gtest/gtest.h>

namespace kairos::telemetry {
namespace {

HttpAnswer answer(int status, std::string type = "", std::string body = "") {
  HttpAnswer one;
  one.status = status;
  one.content_type = std::move(type);
  one.body = std::move(body);
  return one;
}

TEST(Outcome, OnlyWhatTheSpecificationNamesIsRetried) {
  for (const int status : {429, 502, 503, 504})
    EXPECT_EQ(outcome_of(answer(status)).verdict, Verdict::kRetry) << status;
  for (const int status : {301, 400, 401, 403, 404, 405, 408, 415, 500, 501, 505}) {
    EXPECT_EQ(outcome_of(answer(status)).verdict, Verdict::kRefused) << status;
    EXPECT_EQ(outcome_of(answer(status)).reason, "http_" + std::to_string(status));
  }
  for (const int status : {200, 202}) EXPECT_EQ(outcome_of(answer(status)).verdict, Verdict::kAccepted) << status;
}

TEST(Outcome, NoWholeAnswerIsRetriedAndTooMuchOfOneIsNot) {
  EXPECT_EQ(outcome_of(fail(Code::kTimeout, "late")).verdict, Verdict::kRetry);
  EXPECT_EQ(outcome_of(fail(Code::kTimeout, "late")).reason, "timeout");
  EXPECT_EQ(outcome_of(fail(Code::kUpstream, "reset")).reason, "connection");
  HttpAnswer huge = answer(200);
  huge.too_large = true;
  EXPECT_EQ(outcome_of(huge).verdict, Verdict::kRefused);
}

TEST(Outcome, TooLargeMayBeSplit) {
  EXPECT_EQ(outcome_of(answer(413)).verdict, Verdict::kTooLarge);
  EXPECT_EQ(outcome_of(answer(413)).reason, "http_413");
  EXPECT_EQ(outcome_of(answer(400, "text/plain", "http: request body too large")).verdict, Verdict::kTooLarge);
}

TEST(Outcome, AReceiverSaysHowLongToWait) {
  HttpAnswer busy = answer(503);
  busy.retry_after_s = 7;
  EXPECT_EQ(outcome_of(busy).wait, std::chrono::seconds(7));
}

TEST(Outcome, PartialSuccessInBothLanguages) {
  const std::string protobuf("\x0a\x06\x08\x05\x12\x02no", 8);
  ExportOutcome outcome = outcome_of(answer(200, "application/x-protobuf", protobuf));
  EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
  EXPECT_EQ(outcome.rejected, 5);
  EXPECT_EQ(outcome.message, "the receiver took all but 5: no");
  for (const char* json : {R"({"partialSuccess":{"rejectedSpans":"5","errorMessage":"no"}})",
                           R"({"partialSuccess":{"rejectedDataPoints":5,"errorMessage":"no"}})"}) {
    outcome = outcome_of(answer(200, "application/json; charset=utf-8", json));
    EXPECT_EQ(outcome.rejected, 5) << json;
    EXPECT_EQ(outcome.message, "the receiver took all but 5: no");
  }
}

TEST(Outcome, AnEmptyPartialSuccessIsFullSuccess) {
  for (const auto& [type, body] :
       {std::pair(std::string("application/x-protobuf"), std::string("\x0a\x00", 2)),
        std::pair(std::string("application/x-protobuf"), std::string()),
        std::pair(std::string("application/json"), std::string(R"({"partialSuccess":{}})"))}) {
    const ExportOutcome outcome = outcome_of(answer(200, type, body));
    EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
    EXPECT_EQ(outcome.rejected, 0);
    EXPECT_EQ(outcome.message, "");
  }
}

TEST(Outcome, DamagedAnswersDoNoHarm) {
  for (const std::string& body :
       {std::string("\x0a\xff\xff\xff\xff\xff", 6), std::string("\x0a\x05\x08", 3),
        std::string("{\"partialSuccess\":[1,"), std::string("[]"),
        std::string(R"({"partialSuccess":{"rejectedSpans":"-9223372036854775808x","errorMessage":7}})")}) {
    for (const char* type : {"application/x-protobuf", "application/json", "text/plain"}) {
      const ExportOutcome outcome = outcome_of(answer(200, type, body));
      EXPECT_EQ(outcome.verdict, Verdict::kAccepted);
      EXPECT_GE(outcome.rejected, 0);
    }
  }
}

TEST(Backoff, GrowsWithJitterUpToAMinute) {
  for (unsigned attempt = 0; attempt < 40; ++attempt) {
    const std::int64_t most = std::min<std::int64_t>(60'000, 1'000LL << std::min(attempt, 6u));
    for (const std::uint64_t random : {0ull, 1ull, 499ull, 123456789ull, ~0ull}) {
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(backoff(attempt, random)).count();
      EXPECT_GE(wait, most / 2);
      EXPECT_LE(wait, most);
    }
  }
  EXPECT_NE(backoff(5, 1), backoff(5, 2));
}

} // namespace
} // namespace kairos::telemetry
