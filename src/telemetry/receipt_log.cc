#include "telemetry/receipt_log.h"

#include "observe/log.h"

namespace kairos::telemetry {
namespace {

constexpr std::string_view kPart = "receipts";

} // namespace

bool ReceiptLog::may_tell(MonoTime now) {
  if (second_began_ == MonoTime{} || now >= second_began_ + std::chrono::seconds(1)) {
    if (left_out_ > 0) observe::log_info(kPart, "more receipts were refused or failed", {{"count", left_out_}});
    second_began_ = now;
    told_ = left_out_ = 0;
  }
  if (told_ < kMostPerSecond) return ++told_, true;
  return ++left_out_, false;
}

void ReceiptLog::tell(const model::Receipt& receipt) {
  const model::Execution& end = receipt.execution;
  const bool well = end.status == model::Status::kSuccess || end.status == model::Status::kCancelled;
  const auto level = well ? observe::LogLevel::kDebug : observe::LogLevel::kInfo;
  if (!observe::log_enabled(kPart, level)) return;
  if (!well && !may_tell(std::chrono::steady_clock::now())) return;
  observe::log(level, kPart, "closed",
               {{"receipt_id", receipt.receipt_id},
                {"trace_id", receipt.trace.trace_id},
                {"span_id", receipt.trace.span_id},
                {"tenant", receipt.tenant},
                {"endpoint", model::name(receipt.request.endpoint)},
                {"status", model::name(end.status)},
                {"http_status", end.http_status},
                {"error", end.error_code},
                {"model", end.model_id},
                {"provider", end.provider},
                {"attempts", receipt.attempts.size()},
                {"latency_ms", end.latency_ms},
                {"count", receipt.count}});
}

} // namespace kairos::telemetry
