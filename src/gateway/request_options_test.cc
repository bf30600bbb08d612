#include "gateway/request_options.h"

#include <gtest/gtest.h>

#include "gateway/trace_context.h"

namespace kairos::gateway {
namespace {

std::string refusal(std::string_view name, std::string_view value) {
  RequestOptions options;
  const auto set = set_option(options, name, value);
  return set ? "" : set.error().message;
}

TEST(RequestOptions, HeadersAndBodyMeanTheSame) {
  RequestOptions headers;
  for (const auto& [name, value] : {std::pair{"workflow", "contract-review"},
                                    {"Tags", "team=legal, env = prod"},
                                    {"MAX-COST-USD", "0.05"},
                                    {"Min-Quality", "0.8"},
                                    {"Data-Collection", "deny"},
                                    {"Zdr", "true"},
                                    {"Region", "eu"},
                                    {"Cache", "off"},
                                    {"Preferred-Max-Latency-Ms", "900"},
                                    {"Preferred-Min-Throughput", "40"},
                                    {"Quantizations", "bf16, fp16"}}) {
    EXPECT_TRUE(set_option(headers, name, value).value_or(false)) << name;
  }
  const auto body =
      parse_options_object(R"({"workflow":"contract-review","tags":{"team":"legal","env":"prod"},"max_cost_usd":0.05,
    "min_quality":0.8,"data_collection":"deny","zdr":true,"region":"eu","cache":"off","preferred_max_latency_ms":900,
    "preferred_min_throughput":40,"quantizations":["fp16","bf16"]})");
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(headers.workflow, body->workflow);
  EXPECT_EQ(headers.tags, body->tags);
  EXPECT_EQ(headers.constraints.max_cost, Picodollars(50'000'000'000));
  EXPECT_EQ(body->constraints.max_cost, headers.constraints.max_cost);
  EXPECT_EQ(body->constraints.min_quality, headers.constraints.min_quality);
  EXPECT_TRUE(body->constraints.deny_data_collection && body->constraints.zero_retention);
  EXPECT_EQ(body->constraints.region, "eu");
  EXPECT_EQ(body->cache, CacheUse::kOff);
  EXPECT_EQ(body->constraints.preferred_max_latency_ms, 900);
  EXPECT_EQ(body->constraints.preferred_min_throughput, 40);
  EXPECT_EQ(body->constraints.quantizations,
            model::bit(model::Quantization::kFp16) | model::bit(model::Quantization::kBf16));
  EXPECT_EQ(headers.constraints.quantizations, body->constraints.quantizations);
}

TEST(RequestOptions, RefusalsNameTheHeaderAndTheValue) {
  EXPECT_EQ(refusal("Max-Cost-Usd", "-1"), "X-KairosRoute-Max-Cost-Usd: '-1' is not an amount in USD like 0.05");
  EXPECT_EQ(refusal("Min-Quality", "nan"), "X-KairosRoute-Min-Quality: 'nan' is not a number from 0 to 1");
  EXPECT_NE(refusal("Tags", "a=1,a=2").find("given twice"), std::string::npos);
  EXPECT_NE(refusal("Tags", "novalue").find("key=value"), std::string::npos);
  EXPECT_NE(refusal("Preferred-Max-Latency-Ms", "1e3").find("whole number"), std::string::npos);
  EXPECT_NE(refusal("Quantizations", "fp7").find("'fp7' is not one of unknown, int4"), std::string::npos);
  EXPECT_FALSE(parse_options_object(R"({"quantizations":"bf16"})").has_value());
  EXPECT_FALSE(parse_options_object(R"({"quantizations":[""]})").has_value());
  EXPECT_EQ(parse_options_object(R"({"colour":1})").error().message,
            "kairosroute.colour: there is no such option; see the list in the README");
  EXPECT_FALSE(parse_options_object(R"([1])").has_value());
  EXPECT_FALSE(parse_options_object(R"({"tags":{"a":1}})").has_value());
}

TEST(TraceContext, JoinsTheCallersTraceOnlyIfItIsValid) {
  TraceIdSource ids(1);
  const auto joined = join_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", ids);
  EXPECT_EQ(joined.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(joined.parent_span_id, "00f067aa0ba902b7");
  EXPECT_FALSE(joined.sampled);
  EXPECT_EQ(traceparent(joined, "00f067aa0ba902b8"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-00");
  EXPECT_EQ(join_trace("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", ids).parent_span_id,
            "00f067aa0ba902b7");
  for (const char* bad : {"", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"}) {
    const auto fresh = join_trace(bad, ids);
    EXPECT_EQ(fresh.parent_span_id, "") << bad;
    EXPECT_EQ(fresh.trace_id.size(), 32U);
  }
}

} // namespace
} // namespace kairos::gateway
