#include "telemetry/receipt_spans.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"
#include "telemetry/otlp_encoder.h"

namespace kairos::telemetry {
namespace {

const Value* find(const Span& span, std::string_view key) {
  const auto found = std::ranges::find(span.attributes(), key, &Attribute::key);
  return found == span.attributes().end() ? nullptr : &found->value;
}
std::string text(const Span& span, std::string_view key) {
  const Value* value = find(span, key);
  const auto* found = value == nullptr ? nullptr : std::get_if<std::string_view>(value);
  return found == nullptr ? "(none)" : std::string(*found);
}
std::int64_t number(const Span& span, std::string_view key) {
  const Value* value = find(span, key);
  const auto* found = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return found == nullptr ? -1 : *found;
}
double real(const Span& span, std::string_view key) {
  const Value* value = find(span, key);
  const auto* found = value == nullptr ? nullptr : std::get_if<double>(value);
  return found == nullptr ? -1 : *found;
}

/// Spans and what their texts are views of.
struct Made {
  explicit Made(model::Receipt from, SpanOptions options = {})
      : receipt(std::move(from)), to_spans(std::move(options)), spans(to_spans.of(receipt)) {}
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  const Span& operator[](size_t index) const { return spans[index]; }

  model::Receipt receipt;
  ReceiptSpans to_spans;
  std::span<const Span> spans;
};

TEST(ReceiptSpans, OneForTheReceiptAndOneForEachAttempt) {
  const Made spans(model::sample_receipt());
  const model::Receipt& receipt = spans.receipt;
  ASSERT_EQ(spans.spans.size(), 3u);
  EXPECT_EQ(spans[0].kind, SpanKind::kServer);
  EXPECT_EQ(spans[0].name, "POST /v1/chat/completions");
  EXPECT_EQ(spans[0].parent_span_id, receipt.trace.parent_span_id);
  EXPECT_EQ(spans[0].flags, 0x301u) << "sampled, the parent is known to be remote";
  EXPECT_EQ(spans[0].start_ns, 1777036062318000000u);
  EXPECT_EQ(spans[0].end_ns, 1777036063010000000u);
  EXPECT_FALSE(spans[0].error) << "a handled failure is no error of the receipt";
  EXPECT_EQ(find(spans[0], "error.type"), nullptr);
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(spans[i].kind, SpanKind::kClient);
    EXPECT_EQ(spans[i].name, "chat claude-sonnet-4-6");
    EXPECT_EQ(spans[i].trace_id, receipt.trace.trace_id);
    EXPECT_EQ(spans[i].parent_span_id, receipt.trace.span_id);
    EXPECT_EQ(spans[i].span_id, receipt.attempts[i - 1].span_id);
    EXPECT_EQ(spans[i].flags, 0x101u);
    EXPECT_EQ(spans[i].end_ns - spans[i].start_ns, i == 1 ? 41'000'000u : 650'000'000u);
    EXPECT_EQ(text(spans[i], "kairosroute.receipt.id"), receipt.receipt_id);
  }
  EXPECT_TRUE(spans[1].error);
  EXPECT_EQ(text(spans[1], "error.type"), "429");
  EXPECT_FALSE(spans[2].error);
}

TEST(ReceiptSpans, UsageAndCostOnAttemptsOnly) {
  const Made spans(model::sample_receipt());
  for (const Attribute& attribute : spans[0].attributes()) {
    EXPECT_FALSE(attribute.key.starts_with("gen_ai.")) << attribute.key;
    EXPECT_NE(attribute.key, "kairosroute.cost.usd");
  }
  EXPECT_EQ(real(spans[0], "kairosroute.cost.total_usd"), 0.0131022);
  EXPECT_EQ(real(spans[2], "kairosroute.cost.usd"), 0.0131022);
  EXPECT_EQ(number(spans[2], "gen_ai.usage.input_tokens"), 4754) << "cached ones included";
  EXPECT_EQ(number(spans[2], "gen_ai.usage.cache_read.input_tokens"), 674);
  EXPECT_EQ(number(spans[2], "gen_ai.usage.output_tokens"), 44);
  EXPECT_EQ(real(spans[2], "gen_ai.response.time_to_first_chunk"), 0.214);
  EXPECT_EQ(text(spans[2], "gen_ai.response.model"), "claude-sonnet-4-6-20260218");
  EXPECT_EQ(text(spans[2], "gen_ai.provider.name"), "anthropic");
  SpanOptions on_receipt;
  on_receipt.usage = config::GenAiUsage::kReceipt;
  const Made moved(model::sample_receipt(), on_receipt);
  EXPECT_EQ(number(moved[0], "gen_ai.usage.input_tokens"), 4754);
  EXPECT_EQ(find(moved[2], "gen_ai.usage.input_tokens"), nullptr);
}

TEST(ReceiptSpans, UnknownIsNotZero) {
  auto receipt = model::sample_receipt();
  receipt.attempts[1].usage = {};
  receipt.attempts[1].cost.reset();
  receipt.cost.total.reset();
  const Made spans(receipt);
  EXPECT_EQ(find(spans[2], "gen_ai.usage.input_tokens"), nullptr);
  EXPECT_EQ(find(spans[2], "kairosroute.cost.usd"), nullptr);
  EXPECT_EQ(find(spans[0], "kairosroute.cost.total_usd"), nullptr);
}

TEST(ReceiptSpans, NewestConventionsRenameCacheWrites) {
  auto receipt = model::sample_receipt();
  receipt.attempts[1].usage[model::Meter::kCacheWrite] = 5;
  receipt.attempts[1].usage[model::Meter::kCacheWrite1h] = 6;
  EXPECT_EQ(number(Made(receipt)[2], "gen_ai.usage.cache_creation.input_tokens"), 11);
  SpanOptions latest;
  latest.conventions = config::GenAiConventions::kLatest;
  const Made spans(receipt, latest);
  EXPECT_EQ(number(spans[2], "gen_ai.usage.cache_write.input_tokens"), 11);
  EXPECT_EQ(find(spans[2], "gen_ai.usage.cache_creation.input_tokens"), nullptr);
}

TEST(ReceiptSpans, CandidatesAreBoundedEvents) {
  auto receipt = model::sample_receipt();
  const model::Candidate filtered = receipt.candidates[2];
  receipt.candidates.insert(receipt.candidates.begin(), 20, filtered);
  const Made made(receipt);
  const Span& span = made[0];
  ASSERT_EQ(span.events().size(), 8u);
  EXPECT_EQ(span.dropped_events(), 15u);
  EXPECT_EQ(number(span, "kairosroute.candidates.count"), 27) << "those counted only too";
  const SpanEvent& first = span.events()[0];
  EXPECT_EQ(first.name, "kairosroute.candidate");
  EXPECT_EQ(std::get<std::string_view>(first.attributes[0].value), "claude-sonnet-4-6") << "the chosen one comes first";
  EXPECT_LE(first.count, 8u);
  const SpanEvent& last = span.events()[7];
  EXPECT_EQ(std::get<std::string_view>(last.attributes[last.count - 1].value), "budget");
}

TEST(ReceiptSpans, LimitsHold) {
  auto receipt = model::sample_receipt();
  receipt.workflow.clear();
  for (int i = 0; i < 1500; ++i) receipt.workflow += "ü";
  receipt.end_user = "someone";
  SpanOptions options;
  options.end_user = true;
  options.receipt_url = "https://k.example.com/r/{id}";
  const Made full(receipt, options);
  for (const Span& one : full.spans) EXPECT_LE(one.attributes().size(), 32u);
  const Span& span = full[0];
  EXPECT_EQ(text(span, "kairosroute.workflow").size(), 2000u);
  EXPECT_EQ(text(span, "kairosroute.receipt.url"), "https://k.example.com/r/" + receipt.receipt_id);
  options.limits.attributes = 4;
  EXPECT_EQ(Made(receipt, options)[0].attributes().size(), 4u);
  EXPECT_GT(Made(receipt, options)[0].dropped_attributes(), 20u);
  EXPECT_EQ(cut_text("aü", 2), "a") << "never inside a character";
}

TEST(ReceiptSpans, ContentStandsOnTheAttemptThatAnswered) {
  const SpanContent content{"[sys]", "[in]", "[out]", true};
  model::Receipt receipt = model::sample_receipt();
  receipt.attempts.push_back(receipt.attempts[0]); // a failure after the answer, as a hedge that lost
  ReceiptSpans to_spans({});
  const auto spans = to_spans.of(receipt, content);
  EXPECT_EQ(text(spans[2], "gen_ai.input.messages"), "[in]");
  EXPECT_EQ(text(spans[2], "gen_ai.output.messages"), "[out]");
  EXPECT_EQ(text(spans[2], "gen_ai.system_instructions"), "[sys]");
  EXPECT_NE(find(spans[2], "kairosroute.content.truncated"), nullptr);
  for (const size_t other : {0, 1, 3}) EXPECT_EQ(find(spans[other], "gen_ai.input.messages"), nullptr);
  for (const Span& span : spans) EXPECT_LE(span.attributes().size(), 32u);
  receipt.attempts.clear();
  EXPECT_EQ(text(to_spans.of(receipt, content)[0], "gen_ai.input.messages"), "[in]") << "an answer of the cache";
  EXPECT_EQ(find(to_spans.of(receipt)[0], "gen_ai.input.messages"), nullptr);
}

TEST(ReceiptSpans, TellNoMoreOfAReceiptThanIsReadForThem) {
  const std::string json = model::to_json(model::sample_receipt());
  std::vector<std::string> encoded;
  for (const auto part : {model::ReceiptPart::kAll, model::ReceiptPart::kTold}) {
    const auto receipt = model::receipt_from_json(json, part);
    ASSERT_TRUE(receipt.has_value());
    SpanOptions options;
    options.usage = config::GenAiUsage::kReceipt;
    options.end_user = true;
    options.limits = {128, 2'000, 32};
    ReceiptSpans to_spans(std::move(options));
    std::string& bytes = encoded.emplace_back();
    for (const Span& span : to_spans.of(*receipt)) append_span_protobuf(bytes, span);
  }
  EXPECT_EQ(encoded[0], encoded[1]);
}

TEST(ReceiptSpans, ServerErrorsRefusalsAndCrashes) {
  const auto status = [](model::Status outcome, int http, const char* code) {
    auto receipt = model::sample_receipt();
    receipt.execution.status = outcome;
    receipt.execution.http_status = http;
    receipt.execution.error_code = code;
    const Made made(receipt);
    return std::pair(made[0].error, text(made[0], "error.type"));
  };
  EXPECT_EQ(status(model::Status::kRefused, 402, "budget_exceeded"), std::pair(false, std::string("budget_exceeded")));
  EXPECT_EQ(status(model::Status::kRefused, 503, "receipt_unavailable"),
            std::pair(true, std::string("receipt_unavailable")));
  EXPECT_EQ(status(model::Status::kError, 502, ""), std::pair(true, std::string("_OTHER")));
  EXPECT_EQ(status(model::Status::kError, 200, "stream_broke"), std::pair(true, std::string("stream_broke")));
  EXPECT_EQ(status(model::Status::kInterrupted, 0, ""), std::pair(true, std::string("interrupted")));
  EXPECT_EQ(status(model::Status::kCancelled, 200, ""), std::pair(false, std::string("(none)")));
}

TEST(ReceiptSpans, ReplaysLinkToTheOriginal) {
  SpanOptions options;
  options.find_trace = [](const std::string& id) -> std::optional<model::TraceIds> {
    EXPECT_EQ(id, "rcpt_01JKEZ4F9T8QX2M7RA00000000");
    return model::TraceIds{std::string(32, 'a'), std::string(16, 'b'), "", true};
  };
  const Made made(model::sample_receipt(), options);
  const Span& span = made[0];
  ASSERT_EQ(span.links().size(), 1u);
  EXPECT_EQ(span.links()[0].trace_id, std::string(32, 'a'));
  options.find_trace = [](const std::string&) { return std::optional(model::TraceIds{"zz", "", "", true}); };
  EXPECT_TRUE(Made(model::sample_receipt(), options)[0].links().empty()) << "a malformed link would cost the batch";
}

TEST(ReceiptSpans, ProvidersHaveTheirConventionalNameAndAddress) {
  config::Provider provider;
  provider.id = "anthropic";
  provider.catalog_id = "google";
  provider.endpoints = {{"us-east", "https://us.example.com/v1"}, {"eu-west", "http://[::1]:8080/x"}};
  SpanOptions options;
  options.providers = provider_table(std::span(&provider, 1));
  const Made spans(model::sample_receipt(), options);
  EXPECT_EQ(text(spans[1], "gen_ai.provider.name"), "gcp.gemini");
  EXPECT_EQ(text(spans[1], "server.address"), "us.example.com");
  EXPECT_EQ(number(spans[1], "server.port"), 443);
  EXPECT_EQ(text(spans[2], "server.address"), "[::1]");
  EXPECT_EQ(number(spans[2], "server.port"), 8080);
}

TEST(Ids, MalformedOnesAreFoundBeforeTheyAreSent) {
  auto receipt = model::sample_receipt();
  EXPECT_TRUE(has_good_ids(receipt));
  for (const char* bad : {"", "00000000000000000000000000000000", "4BF92F3577B34DA6A3CE929D0E0E4736", "4bf9"}) {
    receipt.trace.trace_id = bad;
    EXPECT_FALSE(has_good_ids(receipt)) << bad;
  }
  receipt = model::sample_receipt();
  receipt.attempts[0].span_id.clear();
  EXPECT_FALSE(has_good_ids(receipt));
}

TEST(Sampling, FollowsTheParentOrTheTraceId) {
  model::TraceIds trace = model::sample_receipt().trace;
  using config::Sampler;
  EXPECT_TRUE(is_sampled(trace, Sampler::kParentOrOff, 0));
  trace.sampled = false;
  EXPECT_FALSE(is_sampled(trace, Sampler::kParentOrOn, 1));
  EXPECT_TRUE(is_sampled(trace, Sampler::kOn, 0));
  EXPECT_FALSE(is_sampled(trace, Sampler::kOff, 1));
  trace.parent_span_id.clear();
  EXPECT_TRUE(is_sampled(trace, Sampler::kParentOrOn, 0)) << "no parent: a trace of our own";
  EXPECT_FALSE(is_sampled(trace, Sampler::kParentOrOff, 1));
  EXPECT_FALSE(is_sampled(trace, Sampler::kRatio, 0));
  EXPECT_TRUE(is_sampled(trace, Sampler::kRatio, 1));
  trace.trace_id = "4bf92f3577b34da6a37fffffffffffff";
  EXPECT_TRUE(is_sampled(trace, Sampler::kParentOrRatio, 0.5));
  trace.trace_id = "4bf92f3577b34da6a380000000000000";
  EXPECT_FALSE(is_sampled(trace, Sampler::kParentOrRatio, 0.5));
}

} // namespace
} // namespace kairos::telemetry
