// Exports of providers, as text, against a fixed set of receipts: tests/cases/reconcile. And exports that mean harm.
#include <gtest/gtest.h>

#include "base/testing/text_cases.h"
#include "ledger/reconcile.h"

namespace kairos::ledger {
namespace {

using model::Meter;

model::Receipt receipt(std::string provider, std::string model, std::string response_id, std::string_view at,
                       std::initializer_list<std::pair<Meter, std::int64_t>> usage, std::optional<Picodollars> cost) {
  model::Attempt attempt;
  attempt.provider = std::move(provider);
  attempt.model_id = model.substr(0, model.find("-2026"));
  attempt.response_model = std::move(model);
  attempt.response_id = std::move(response_id);
  attempt.started_at = *parse_rfc3339(at);
  for (const auto& [meter, quantity] : usage) attempt.usage[meter] = quantity;
  attempt.cost = cost;
  model::Receipt made;
  made.receipt_id = "rcpt_" + attempt.response_id;
  made.attempts.push_back(std::move(attempt));
  return made;
}

/// What the cases are held against.
std::vector<model::Receipt> receipts() {
  return {receipt("openai", "gpt-5.4-2026-03-05", "chatcmpl-1", "2026-04-24T13:07:00Z",
                  {{Meter::kInput, 1000}, {Meter::kCacheRead, 200}, {Meter::kOutput, 40}, {Meter::kReasoning, 10}},
                  Picodollars(3'100'000'000)),
          receipt("openai", "gpt-5.4-2026-03-05", "chatcmpl-2", "2026-04-24T13:59:59.900000Z",
                  {{Meter::kInput, 10}, {Meter::kOutput, 5}}, Picodollars(100'000'000)),
          receipt("openai", "gpt-5-mini", "chatcmpl-3", "2026-04-24T14:00:00Z",
                  {{Meter::kInput, 7}, {Meter::kOutput, 3}}, std::nullopt),
          receipt("anthropic", "claude-sonnet-4-6", "msg_1", "2026-04-24T13:07:00Z",
                  {{Meter::kInput, 100},
                   {Meter::kCacheRead, 50},
                   {Meter::kCacheWrite, 20},
                   {Meter::kCacheWrite1h, 10},
                   {Meter::kOutput, 40}},
                  Picodollars(10'000'000'000)),
          receipt("anthropic", "claude-sonnet-4-6", "", "2026-04-24T13:08:00Z", {}, std::nullopt)};
}

std::string answer(const std::string& input) {
  const size_t end = input.find('\n');
  const std::string provider = input.substr(0, end);
  const auto kind = provider == "openai" ? ExportProvider::kOpenAi : ExportProvider::kAnthropic;
  const auto rows = parse_usage_export(kind, std::string_view(input).substr(end + 1));
  if (!rows) return rows.error().message + "\n";
  return to_text(reconcile(*rows, receipts(), {provider, {}}));
}

TEST(ReconcileCases, SayWhatDrifts) {
  EXPECT_GE(testing::run_cases(KAIROS_SOURCE_DIR "/tests/cases/reconcile", answer), 18U);
}

std::string error_of(ExportProvider provider, std::string_view text) {
  const auto rows = parse_usage_export(provider, text);
  return rows ? "read" : rows.error().message;
}

TEST(HostileExports, AreRefusedWithoutTakingTimeOrMemory) {
  const std::string line(size_t{100} << 20, '1');
  EXPECT_NE(error_of(ExportProvider::kOpenAi, line).find("larger than 64 MiB"), std::string::npos);
  EXPECT_NE(error_of(ExportProvider::kOpenAi, "start_time,input_tokens\n1," + line).find("larger than 64 MiB"),
            std::string::npos);
  const std::string fits(size_t{40} << 20, '1');
  EXPECT_NE(error_of(ExportProvider::kOpenAi, "start_time,input_tokens\n1," + fits), "read");
  EXPECT_NE(error_of(ExportProvider::kOpenAi, "\"" + fits), "read");
  EXPECT_NE(error_of(ExportProvider::kAnthropic, R"({"data":[{"starting_at":")" + fits + "\"}]}"), "read");
  EXPECT_NE(error_of(ExportProvider::kOpenAi, "{\"data\":" + std::string(100'000, '[')), "read");
  EXPECT_NE(error_of(ExportProvider::kOpenAi, std::string(400, ',') + "\n"), "read");
  EXPECT_NE(error_of(ExportProvider::kOpenAi, std::string("{\"data\":\0[]}", 12)), "read");
}

TEST(HostileExports, SumsOfHugeCountsDoNotOverflow) {
  std::string text = "start_time,model,num_model_requests,input_tokens,output_tokens,cost_usd\n";
  for (int i = 0; i < 1000; ++i) text += "1776988800,m,1,9223372036854775807,9223372036854775807,999999999999\n";
  const auto rows = parse_usage_export(ExportProvider::kOpenAi, text);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  const ReconcileReport report = reconcile(*rows, {}, {"openai", {}});
  ASSERT_EQ(report.only_theirs.size(), 1U);
  EXPECT_TRUE(report.token_drift == Int128{9223372036854775807} * 2000);
  EXPECT_NE(error_of(ExportProvider::kOpenAi, "start_time,cost_usd\n1776988800,1e30\n"), "read");
}

} // namespace
} // namespace kairos::ledger
