// The bytes are decoded by OpenTelemetry's own decoder in tests/e2e/otlp.test.mjs; here is what a quick look tells.
#include "telemetry/otlp_encoder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <protozero/pbf_reader.hpp>
#include <set>

#include "model/testing/sample_receipt.h"
#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {
namespace {

using config::OtlpProtocol;

Sender sender() { return {{{"service.name", "kairosroute"}}, "0.1.0", "https://opentelemetry.io/schemas/1.41.0"}; }

std::string body_of(OtlpProtocol protocol) {
  const auto receipt = model::sample_receipt();
  ReceiptSpans to_spans({});
  TraceBatch batch(protocol, sender());
  for (const Span& span : to_spans.of(receipt)) batch.add(span);
  EXPECT_EQ(batch.spans(), 3u);
  return batch.body();
}

TEST(Encoder, JsonOfTheSampleReceipt) {
  const std::string path = KAIROS_SOURCE_DIR "/tests/cases/telemetry/sample_receipt.json";
  const std::string json = body_of(OtlpProtocol::kJson) + "\n";
  if (std::getenv("KAIROS_UPDATE_CASES") != nullptr) std::ofstream(path) << json;
  std::ifstream in(path);
  EXPECT_EQ(json, std::string(std::istreambuf_iterator<char>(in), {}));
}

/// All the fields of one message, by number.
std::multiset<int> tags(protozero::data_view bytes) {
  std::multiset<int> found;
  protozero::pbf_reader reader(bytes);
  while (reader.next()) {
    found.insert(static_cast<int>(reader.tag()));
    reader.skip();
  }
  return found;
}

TEST(Encoder, ProtobufHasItsShapeAndIsTheSameEachTime) {
  const std::string body = body_of(OtlpProtocol::kProtobuf);
  EXPECT_EQ(body, body_of(OtlpProtocol::kProtobuf));
  protozero::pbf_reader request(body);
  ASSERT_TRUE(request.next(1));
  protozero::pbf_reader resource_spans = request.get_message();
  ASSERT_TRUE(resource_spans.next(2));
  const protozero::data_view scope_spans = resource_spans.get_view();
  EXPECT_EQ(tags(scope_spans), (std::multiset<int>{1, 2, 2, 2, 3}));
  protozero::pbf_reader scope(scope_spans);
  ASSERT_TRUE(scope.next(2));
  protozero::pbf_reader span = scope.get_message();
  ASSERT_TRUE(span.next(1));
  EXPECT_EQ(span.get_bytes(), std::string("\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36", 16));
}

TEST(Encoder, NoMetricsIsNoRequest) {
  observe::Metrics metrics;
  const auto families = metrics.families();
  EXPECT_EQ(encode_metrics(OtlpProtocol::kProtobuf, sender(), families, 1, 2), "");
}

TEST(Encoder, MetricsAsJson) {
  observe::Metrics metrics;
  metrics.amounts_counter("kairosroute_cost_usd_total", "Cost.", 1e12, {{"model", "a"}}).add(1'500'000'000'000);
  metrics.gauge("kairosroute_lag_seconds", "Lag.").set(0.5);
  const std::array<double, 2> bounds = {0.1, 1};
  metrics.histogram("kairosroute_time_seconds", "Time.", bounds).observe(0.7);
  const std::string json = encode_metrics(OtlpProtocol::kJson, sender(), metrics.families(), 1, 2);
  for (
      const char* piece :
      {R"("name":"kairosroute_cost_usd_total","description":"Cost.","unit":"USD","sum":{"dataPoints":[{"attributes":[{"key":"model","value":{"stringValue":"a"}}],"startTimeUnixNano":"1","timeUnixNano":"2","asDouble":1.5}],"aggregationTemporality":2,"isMonotonic":true})",
       R"("unit":"s","gauge":{"dataPoints":[{"attributes":[],"startTimeUnixNano":"1","timeUnixNano":"2","asDouble":0.5}]})",
       R"("count":"1","sum":0.7,"bucketCounts":["0","1","0"],"explicitBounds":[0.1,1]}],"aggregationTemporality":2})"}) {
    EXPECT_NE(json.find(piece), json.npos) << piece << "\n" << json;
  }
}

TEST(Encoder, UnitsByName) {
  EXPECT_EQ(unit_of("kairosroute_cost_usd_total"), "USD");
  EXPECT_EQ(unit_of("kairosroute_tokens_total"), "{token}");
  EXPECT_EQ(unit_of("kairosroute_overhead_seconds"), "s");
  EXPECT_EQ(unit_of("gen_ai.client.operation.duration"), "s");
  EXPECT_EQ(unit_of("gen_ai.client.token.usage"), "{token}");
  EXPECT_EQ(unit_of("kairosroute_receipts_total"), "1");
}

} // namespace
} // namespace kairos::telemetry
