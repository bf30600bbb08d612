#include "telemetry/receipt_metrics.h"

#include <gtest/gtest.h>

#include "journal/segment.h"
#include "journal/testing/journal_fixture.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"
#include "telemetry/metrics_projection.h"
#include "telemetry/testing/fake_receiver.h"

namespace kairos::telemetry {
namespace {

class ReceiptMetricsTest : public testing::Test {
public:
  void expect_lines(std::initializer_list<const char*> lines) {
    const std::string page = own.exposition();
    for (const char* line : lines) EXPECT_NE(page.find(std::string(line) + "\n"), page.npos) << line << "\n" << page;
  }

  observe::Metrics own;
  observe::Metrics genai{"gen_ai."};
  ReceiptMetrics folding{own, genai, {}};
};

TEST_F(ReceiptMetricsTest, FoldsAReceipt) {
  folding.fold(model::sample_receipt());
  expect_lines({R"(kairosroute_receipts_total{endpoint="chat_completions",status="success"} 1)",
                R"(kairosroute_attempts_total{outcome="error",provider="anthropic",reason="first"} 1)",
                R"(kairosroute_attempts_total{outcome="success",provider="anthropic",reason="retry"} 1)",
                R"(kairosroute_attempt_errors_total{error="429",provider="anthropic"} 1)",
                R"(kairosroute_cost_usd_total{model="claude-sonnet-4-6",provider="anthropic"} 0.0131022)",
                R"(kairosroute_tenant_cost_usd_total{tenant="nova-labs-prod"} 0.0131022)",
                R"(kairosroute_tokens_total{model="claude-sonnet-4-6",provider="anthropic",type="input"} 4080)",
                R"(kairosroute_tokens_total{model="claude-sonnet-4-6",provider="anthropic",type="cache_read"} 674)",
                R"(kairosroute_tokens_total{model="claude-sonnet-4-6",provider="anthropic",type="output"} 44)",
                R"(kairosroute_baseline_cost_usd_total 0.0214)", R"(kairosroute_unpriced_receipts_total 0)"});
}

TEST_F(ReceiptMetricsTest, UnknownCostIsNotZeroCost) {
  auto receipt = model::sample_receipt();
  receipt.cost.total.reset();
  folding.fold(receipt);
  expect_lines({"kairosroute_unpriced_receipts_total 1"});
  EXPECT_EQ(own.exposition().find("kairosroute_tenant_cost_usd_total{"), std::string::npos);
}

TEST_F(ReceiptMetricsTest, EqualRefusalsThatShareAReceiptCountEach) {
  auto receipt = model::sample_receipt();
  receipt.attempts.clear();
  receipt.execution.status = model::Status::kRefused;
  receipt.execution.error_code = "budget_exceeded";
  receipt.count = 500;
  folding.fold(receipt);
  expect_lines({R"(kairosroute_receipts_total{endpoint="chat_completions",status="refused"} 500)",
                R"(kairosroute_refusals_total{code="budget_exceeded"} 500)"});
}

TEST_F(ReceiptMetricsTest, CardinalityIsBounded) {
  auto receipt = model::sample_receipt();
  for (int i = 0; i < 3'000; ++i) {
    receipt.tenant = "tenant" + std::to_string(i);
    for (auto& attempt : receipt.attempts) attempt.model_id = "model" + std::to_string(i);
    folding.fold(receipt);
  }
  EXPECT_LT(own.exposition().size(), 1u << 20);
  EXPECT_LE(genai.families().size(), 8u);
  for (const auto& family : genai.families()) EXPECT_LE(family.points.size(), observe::kMaxSeries + 4);
}

TEST_F(ReceiptMetricsTest, GenAiMetricsByTheConventions) {
  folding.fold(model::sample_receipt());
  std::map<std::string, observe::MetricFamily> families;
  for (auto& family : genai.families()) families[family.name] = family;
  const auto& duration = families["gen_ai.client.operation.duration"];
  ASSERT_EQ(duration.bounds.size(), 14u);
  EXPECT_EQ(duration.bounds.front(), 0.01);
  EXPECT_EQ(duration.bounds.back(), 81.92);
  EXPECT_EQ(duration.points.size(), 2u) << "with and without error.type";
  const auto& tokens = families["gen_ai.client.token.usage"];
  ASSERT_EQ(tokens.points.size(), 2u);
  EXPECT_EQ(tokens.points[0].sum + tokens.points[1].sum, 4754 + 44);
  EXPECT_TRUE(families.contains("gen_ai.client.operation.time_to_first_chunk"));
}

TEST(GenAi, NewestConventionsCountByModality) {
  observe::Metrics own;
  observe::Metrics genai("gen_ai.");
  ReceiptMetrics folding(own, genai, {}, config::GenAiConventions::kLatest);
  auto receipt = model::sample_receipt();
  receipt.attempts[1].usage[model::Meter::kInputAudio] = 9;
  folding.fold(receipt);
  std::map<std::string, observe::MetricFamily> families;
  for (auto& family : genai.families()) families[family.name] = family;
  EXPECT_FALSE(families.contains("gen_ai.client.operation.duration"));
  EXPECT_FALSE(families.contains("gen_ai.client.token.usage"));
  EXPECT_TRUE(families.contains("gen_ai.client.inference.duration"));
  EXPECT_TRUE(families.contains("gen_ai.client.inference.operation.input_tokens"));
  const auto& input = families["gen_ai.client.inference.usage.input_tokens"];
  EXPECT_EQ(input.kind, observe::MetricFamily::Kind::kCounter);
  ASSERT_EQ(input.points.size(), 2u);
  EXPECT_EQ(input.points[0].value + input.points[1].value, 4754 + 9) << "text and audio";
  EXPECT_EQ(families["gen_ai.client.inference.usage.cache_read.input_tokens"].points.at(0).value, 674);
  receipt.request.endpoint = model::Endpoint::kEmbeddings;
  folding.fold(receipt);
  for (auto& family : genai.families()) families[family.name] = family;
  EXPECT_TRUE(families.contains("gen_ai.client.operation.duration")) << "embeddings are no inference";
}

TEST(Outcome, MetricsAreTheSameFromAPartOfTheReceipt) {
  const std::string json = model::to_json(model::sample_receipt());
  std::vector<std::string> pages;
  for (const auto part : {model::ReceiptPart::kAll, model::ReceiptPart::kOutcome, model::ReceiptPart::kTold}) {
    observe::Metrics own;
    observe::Metrics genai("gen_ai.");
    ReceiptMetrics folding(own, genai, {});
    const auto receipt = model::receipt_from_json(json, part);
    ASSERT_TRUE(receipt.has_value()) << receipt.error().message;
    EXPECT_EQ(receipt->candidates.empty(), part == model::ReceiptPart::kOutcome);
    folding.fold(*receipt);
    pages.push_back(own.exposition() + genai.exposition());
  }
  EXPECT_EQ(pages[0], pages[1]);
  EXPECT_EQ(pages[0], pages[2]);
}

TEST(Projection, FoldsWhatIsWrittenAndMeasuresItsLag) {
  journal::FaultyFileSystem files;
  const auto writer = journal::start(files);
  observe::Metrics own;
  observe::Metrics genai("gen_ai.");
  ReceiptMetrics receipts(own, genai, {});
  RecentReceipts recent;
  SystemClock clock;
  HealthProbes probes;
  probes.projections = [] { return std::vector<std::pair<std::string, journal::Position>>{{"store", {}}}; };
  probes.journal = [&] { return writer->stats(); };
  probes.loop_lags = [] { return std::vector<Duration>{std::chrono::milliseconds(3)}; };
  MetricsProjection projection(writer->reader(), {}, {receipts, own, recent}, probes, clock);
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, i, model::to_json(model::sample_receipt()))));
  }
  EXPECT_TRUE(comes_true([&] {
    const std::string page = own.exposition();
    const size_t at = page.find("\nkairosroute_receipts_total{");
    return at != page.npos && page.find("} 20\n", at) == page.find('}', at);
  })) << own.exposition();
  EXPECT_TRUE(comes_true([&] {
    return own.exposition().find("kairosroute_journal_records_total 20\n") != std::string::npos;
  })) << own.exposition();
  const std::string page = own.exposition();
  EXPECT_NE(page.find("kairosroute_receipts_lost_total 0\n"), page.npos);
  EXPECT_NE(page.find("kairosroute_projection_lag_seconds{projection=\"metrics\"} "), page.npos);
  EXPECT_NE(page.find("kairosroute_loop_lag_seconds_bucket{le=\"0.005\"} "), page.npos);
}

TEST(Projection, LagIsTheAgeOfWhatWasNotRead) {
  journal::FaultyFileSystem files;
  const auto writer = journal::start(files);
  const auto first = append(*writer, journal::record(journal::Kind::kClose, 0, "{}"));
  ASSERT_TRUE(first);
  const auto reader = writer->reader();
  const WallTime written(std::chrono::microseconds(1'700'000'000'000'000));
  EXPECT_EQ(lag_at(*reader, reader->end(), written + std::chrono::seconds(9)), Duration::zero());
  EXPECT_EQ(lag_at(*reader, first->position, written + std::chrono::seconds(9)), Duration(std::chrono::seconds(9)));
  EXPECT_EQ(lag_at(*reader, first->position, written - std::chrono::seconds(9)), Duration::zero())
      << "a clock that was set back";
}

TEST(Projection, LostReceiptsAreCounted) {
  journal::FaultyFileSystem files;
  const auto writer = journal::start(files);
  std::vector<journal::Position> places;
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto at = append(*writer, journal::record(journal::Kind::kClose, i, model::to_json(model::sample_receipt())));
    ASSERT_TRUE(at);
    places.push_back(at->position);
  }
  {
    auto file = files.open(journal::segment_path(journal::kDir, places[2].segment), journal::OpenMode::kWrite);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->write(places[2].offset + 200, "rubbish"));
  }
  observe::Metrics own;
  observe::Metrics genai("gen_ai.");
  ReceiptMetrics receipts(own, genai, {});
  RecentReceipts recent;
  SystemClock clock;
  HealthProbes probes;
  probes.queues = [] { return std::vector<std::pair<std::string, size_t>>{{"api", 3}}; };
  MetricsProjection projection(writer->reader(), {}, {receipts, own, recent}, probes, clock);
  const auto has = [&](const char* line) { return own.exposition().find(line) != std::string::npos; };
  EXPECT_TRUE(comes_true([&] { return has("kairosroute_receipts_lost_total 1\n") && has("} 4\n"); }))
      << own.exposition();
  EXPECT_TRUE(has("kairosroute_queue_length{queue=\"api\"} 3\n"));
}

TEST(Projection, OnlyADriftThatStaysIsOne) {
  LeastDrift drift;
  for (int i = 0; i < 9; ++i) EXPECT_EQ(drift.add(-7), 0) << "too few to tell";
  EXPECT_EQ(drift.add(100), -7);
  EXPECT_EQ(drift.add(0), 0);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(drift.add(5), 0) << "both agreed a moment ago";
  EXPECT_EQ(drift.add(5), 5);
}

TEST(Projection, DriftIsShownOnlyIfItStays) {
  journal::FaultyFileSystem files;
  const auto writer = journal::start(files);
  observe::Metrics own;
  observe::Metrics genai("gen_ai.");
  ReceiptMetrics receipts(own, genai, {});
  RecentReceipts recent;
  SystemClock clock;
  HealthProbes probes;
  probes.ledger_drift = [] { return PicoSum(7); };
  MetricsProjection projection(writer->reader(), {}, {receipts, own, recent}, probes, clock);
  EXPECT_NE(own.exposition().find("kairosroute_ledger_drift_picousd 0\n"), std::string::npos)
      << "one sample proves nothing";
}

} // namespace
} // namespace kairos::telemetry
