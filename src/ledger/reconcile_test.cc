#include "ledger/reconcile.h"

#include <gtest/gtest.h>

#include "model/testing/sample_receipt.h"

namespace kairos::ledger {
namespace {

// The sample receipt: one counted attempt at anthropic on 2026-04-24 13:07, input 4080, cache read 674, output 44.
const char* const kAnthropicUsage =
    R"({"data":[{"starting_at":"2026-04-24T00:00:00Z","ending_at":"2026-04-25T00:00:00Z","results":[
  {"uncached_input_tokens":4080,"cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0},
   "cache_read_input_tokens":674,"output_tokens":44,"server_tool_use":{"web_search_requests":0},"api_key_id":"apikey_1",
   "workspace_id":null,"model":"claude-sonnet-4-6-20260218","service_tier":"standard","context_window":"0-200k"},
  {"uncached_input_tokens":10,"cache_read_input_tokens":0,"output_tokens":1,"api_key_id":"apikey_2","model":"claude-opus"}]}],
  "has_more":false,"next_page":null})";

std::vector<model::Receipt> one() { return {model::sample_receipt()}; }

TEST(Reconcile, AnthropicUsageMatchesByBucketAndReportedModel) {
  const auto rows = parse_usage_export(ExportProvider::kAnthropic, kAnthropicUsage);
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  const ReconcileReport all = reconcile(*rows, one(), {"anthropic", {}});
  EXPECT_EQ(all.equal.size(), 1U) << to_text(all);
  EXPECT_EQ(all.only_theirs.size(), 1U);
  EXPECT_TRUE(all.token_drift == 11);
  const ReconcileReport ours = reconcile(*rows, one(), {"anthropic", {"apikey_1"}});
  EXPECT_EQ(ours.other_keys, 1);
  EXPECT_TRUE(ours.only_theirs.empty());
  EXPECT_TRUE(ours.token_drift == 0);
}

TEST(Reconcile, DriftIsSaidOnBothSides) {
  auto receipts = one();
  receipts.front().attempts.back().usage[model::Meter::kOutput] = 40;
  const auto rows = parse_usage_export(ExportProvider::kAnthropic, kAnthropicUsage);
  const ReconcileReport report = reconcile(*rows, receipts, {"anthropic", {"apikey_1"}});
  ASSERT_EQ(report.drifting.size(), 1U);
  EXPECT_EQ(to_text(report),
            "equal 0, drifting 1, only at the provider 0, only in receipts 0\n"
            "drift (provider - receipts): 4 tokens, USD not known on both sides\n"
            "left out: 1 export rows of keys that are not ours\n"
            "drifting: 2026-04-24T00:00:00 to 2026-04-25T00:00:00 claude-sonnet-4-6-20260218\n"
            "  provider: 0 requests, input 4080 cache read 674 cache write 0 output 44, no cost\n"
            "  receipts: 1 requests, input 4080 cache read 674 cache write 0 output 40, 0.0131022 USD\n");
}

TEST(Reconcile, CostsAreExactAndInTheProvidersUnit) {
  const auto cents = parse_usage_export(
      ExportProvider::kAnthropic,
      R"({"data":[{"starting_at":"2026-04-24T00:00:00Z","ending_at":"2026-04-25T00:00:00Z","results":[
        {"currency":"USD","amount":"1.31022","cost_type":"tokens","model":"claude-sonnet-4-6"}]}]})");
  ASSERT_TRUE(cents.has_value()) << cents.error().message;
  const ReconcileReport report = reconcile(*cents, one(), {"anthropic", {}});
  EXPECT_EQ(report.equal.size(), 1U) << to_text(report);
  ASSERT_TRUE(report.cost_drift.has_value());
  EXPECT_TRUE(*report.cost_drift == 0);
}

model::Receipt openai_receipt() {
  model::Receipt receipt = model::sample_receipt();
  for (model::Attempt& attempt : receipt.attempts) {
    attempt.provider = "openai";
    attempt.response_model = "gpt-5.4-2026-03-05";
    attempt.response_id = "chatcmpl-1";
  }
  return receipt;
}

TEST(Reconcile, OpenAisInputTokensHoldTheCachedOnes) {
  const auto rows = parse_usage_export(
      ExportProvider::kOpenAi,
      R"({"object":"page","data":[{"object":"bucket","start_time":1776988800,"end_time":1777075200,"results":[
        {"object":"organization.usage.completions.result","input_tokens":4754,"output_tokens":44,"input_cached_tokens":674,
         "num_model_requests":1,"project_id":null,"api_key_id":null,"model":"gpt-5.4-2026-03-05","batch":null}]}],"has_more":false})");
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  const std::vector<model::Receipt> receipts = {openai_receipt()};
  EXPECT_EQ(reconcile(*rows, receipts, {"openai", {}}).equal.size(), 1U);
  EXPECT_EQ(reconcile(*rows, one(), {"openai", {}}).only_theirs.size(), 1U);
}

TEST(Reconcile, OpenAisCostsAreUsdWithTheModelInTheLineItem) {
  const auto rows = parse_usage_export(
      ExportProvider::kOpenAi, R"({"object":"page","data":[{"start_time":1776988800,"end_time":1777075200,"results":[
        {"object":"organization.costs.result","amount":{"value":0.0124422,"currency":"usd"},"line_item":"gpt-5.4-2026-03-05, input","project_id":null},
        {"object":"organization.costs.result","amount":{"value":0.00066,"currency":"usd"},"line_item":"gpt-5.4-2026-03-05, output","project_id":null}]}]})");
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  const std::vector<model::Receipt> receipts = {openai_receipt()};
  EXPECT_EQ(reconcile(*rows, receipts, {"openai", {}}).equal.size(), 1U);
}

TEST(Reconcile, RowsWithRequestIdsMatchByThem) {
  const auto rows = parse_usage_export(
      ExportProvider::kOpenAi, "timestamp,request_id,model,input_tokens,input_cached_tokens,output_tokens,cost_usd\r\n"
                               "2026-04-24T13:07:43Z,chatcmpl-1,gpt-5.4,4754,674,44,0.0131022\r\n"
                               "2026-04-24T13:08:00Z,chatcmpl-2,gpt-5.4,5,0,1,0.00001\r\n");
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  std::vector<model::Receipt> receipts = {openai_receipt(), openai_receipt()};
  receipts[1].attempts[1].response_id = "chatcmpl-9";
  receipts[1].attempts[1].started_at += std::chrono::seconds(10);
  const ReconcileReport report = reconcile(*rows, receipts, {"openai", {}});
  EXPECT_EQ(report.equal.size(), 1U) << to_text(report);
  EXPECT_EQ(report.only_theirs.size(), 1U);
  EXPECT_EQ(report.outside + static_cast<std::int64_t>(report.only_ours.size()), 1);
}

TEST(Reconcile, ExportsThatMakeNoSenseAreNamed) {
  const auto error = [](std::string_view text) {
    const auto rows = parse_usage_export(ExportProvider::kOpenAi, text);
    return rows ? std::string("read") : rows.error().message;
  };
  EXPECT_EQ(error(""), "usage export: the file is empty");
  EXPECT_EQ(error("{}"), "usage export: no 'data' array: is this a usage or cost report?");
  EXPECT_EQ(error(R"({"data":[{"start_time":1,"end_time":2,"results":[{"input_tokens":-4,"output_tokens":1}]}]})"),
            "usage export: 'input_tokens' is '-4', not a count");
  EXPECT_EQ(error(R"({"data":[{"start_time":2,"end_time":1,"results":[{"input_tokens":4}]}]})"),
            "usage export: a bucket ends before it starts");
  EXPECT_EQ(error(R"({"data":[{"start_time":1,"end_time":2,"results":[{"amount":{"value":1,"currency":"eur"}}]}]})"),
            "usage export: costs are not in USD but eur");
  EXPECT_EQ(error("start_time,input_tokens\n1,2,3\n"), "usage export: row 2 has not as many cells as the header");
  const std::string whole = kAnthropicUsage;
  for (size_t cut = 0; cut < whole.size(); cut += 13) EXPECT_NE(error(whole.substr(0, cut)), "") << cut;
}

} // namespace
} // namespace kairos::ledger
