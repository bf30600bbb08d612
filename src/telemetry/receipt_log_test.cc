#include "telemetry/receipt_log.h"

#include <gtest/gtest.h>

#include "model/testing/sample_receipt.h"
#include "observe/log.h"

namespace kairos::telemetry {
namespace {

class ReceiptLogTest : public testing::Test {
public:
  ~ReceiptLogTest() override { EXPECT_TRUE(observe::set_log_levels("info")); }
  std::string told(const model::Receipt& receipt, const char* levels) {
    EXPECT_TRUE(observe::set_log_levels(levels));
    testing::internal::CaptureStderr();
    log.tell(receipt);
    return testing::internal::GetCapturedStderr();
  }
  ReceiptLog log;
};

TEST_F(ReceiptLogTest, NamesReceiptAndTrace) {
  const model::Receipt receipt = model::sample_receipt();
  EXPECT_EQ(told(receipt, "info"), "") << "success is for debug";
  const std::string line = told(receipt, "warn,receipts=debug");
  EXPECT_NE(line.find("receipt_id=" + receipt.receipt_id), line.npos) << line;
  EXPECT_NE(line.find("trace_id=" + receipt.trace.trace_id), line.npos) << line;
  EXPECT_NE(line.find("status=success"), line.npos) << line;
}

TEST_F(ReceiptLogTest, NothingThatClientsOrProvidersWroteIsTold) {
  model::Receipt receipt = model::sample_receipt();
  const std::string marker = "sk-planted-secret";
  receipt.workflow = receipt.end_user = receipt.request.model = receipt.execution.error_message = marker;
  receipt.execution.finish_reason = receipt.attempts[0].response_id = receipt.attempts[0].response_model = marker;
  receipt.tags = {{marker, marker}};
  receipt.execution.status = model::Status::kError;
  receipt.execution.error_code = "upstream_error";
  const std::string line = told(receipt, "debug");
  EXPECT_NE(line.find("error=upstream_error"), line.npos) << line;
  EXPECT_EQ(line.find(marker), line.npos) << line;
}

TEST_F(ReceiptLogTest, AFloodIsCountedNotTold) {
  const MonoTime begin{std::chrono::hours(1)};
  std::uint64_t lines = 0;
  for (int i = 0; i < 1000; ++i) lines += log.may_tell(begin) ? 1 : 0;
  EXPECT_EQ(lines, ReceiptLog::kMostPerSecond);
  EXPECT_EQ(log.left_out(), 1000 - ReceiptLog::kMostPerSecond);
  EXPECT_TRUE(log.may_tell(begin + std::chrono::seconds(1)));
  EXPECT_EQ(log.left_out(), 0u);
}

} // namespace
} // namespace kairos::telemetry
