#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "providers/answer.h"
#include "providers/client_error.h"
#include "providers/provider_error.h"
#include "providers/upstream_request.h"
#include "providers/usage.h"

namespace kairos::providers {
namespace {

using model::Endpoint;
using model::Meter;

std::string refused(std::string_view body) {
  const auto parsed = parse_client_request(Endpoint::kChatCompletions, body);
  return parsed ? "" : parsed.error().error.message;
}

TEST(ClientRequest, ReadsWhatRoutingNeeds) {
  const auto parsed = parse_client_request(
      Endpoint::kChatCompletions,
      R"({"model":"auto:free","messages":[{"role":"user","content":"h\u00e9"}],"max_tokens":50,"n":2,"stream":true})");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().error.message;
  EXPECT_EQ(parsed->max_output_tokens, 50);
  EXPECT_EQ(parsed->choices, 2);
  EXPECT_TRUE(parsed->stream);
  EXPECT_EQ(parsed->last_user(), "h\xc3\xa9\n");
  EXPECT_EQ(request_facts(*parsed).variant, model::Variant::kFree);
  EXPECT_FALSE(request_facts(*parsed).pinned());
}

TEST(ClientRequest, NoSecondModelCanBeSmuggledIn) {
  EXPECT_NE(refused(R"({"model":"a","mod\u0065l":"b","messages":[{"role":"user","content":"x"}]})").find("model"),
            std::string::npos);
}

TEST(ClientRequest, RefusalsNameTheField) {
  EXPECT_NE(refused(R"({"model":"a","messages":7})").find("messages"), std::string::npos);
  EXPECT_NE(refused(R"({"model":"a","messages":[{"role":"user","content":"x"}],"max_tokens":1.5})").find("max_tokens"),
            std::string::npos);
  EXPECT_NE(refused(R"({"model":"a","messages":[{"role":"user","content":"x"}],"max_tokens":-1})").find("max_tokens"),
            std::string::npos);
  EXPECT_NE(refused("{\"model\":\"a\",").size(), 0U);
  EXPECT_NE(refused(std::string(70, '[') + std::string(70, ']')).size(), 0U);
}

TEST(UpstreamBody, OnlyTheDecisionsEditsAreMade) {
  const std::string body =
      R"({ "model":"auto", "x":{"a":[1, 2.50]}, "stream":true,"messages":[{"role":"user","content":"x"}], "kairosroute":{"workflow":"w"} })";
  const auto parsed = parse_client_request(Endpoint::kChatCompletions, body);
  ASSERT_TRUE(parsed.has_value());
  UpstreamTarget target;
  target.model_id = "gpt-x";
  target.max_output_tokens = 77;
  const auto sent = upstream_body(*parsed, body, target);
  ASSERT_TRUE(sent.has_value());
  EXPECT_NE(
      sent->find(R"("model":"gpt-x", "x":{"a":[1, 2.50]}, "stream":true,"messages":[{"role":"user","content":"x"}])"),
      std::string::npos)
      << *sent;
  EXPECT_NE(sent->find("77"), std::string::npos);
  EXPECT_NE(sent->find("include_usage"), std::string::npos);
  EXPECT_EQ(sent->find("kairosroute"), std::string::npos);
  EXPECT_TRUE(parse_client_request(Endpoint::kChatCompletions, *sent).has_value()) << *sent;
}

std::string random_space(std::mt19937& random) {
  static constexpr std::array<std::string_view, 5> kSpaces = {"", " ", "\n", "\t ", "\r\n  "};
  return std::string(kSpaces[random() % kSpaces.size()]);
}

/// Members that the decision may edit, and others with values that are easy to get wrong, in any order and spacing.
std::string random_body(std::mt19937& random, std::vector<std::string>& untouched) {
  std::vector<std::string> kept = {R"("messages":[{"role":"user","content":"a \\\" } , { kairosroute"}])",
                                   R"("x\u0041":1.50)",
                                   R"("metadata" : {"model":"inner", "max_tokens":[1 ,2]})",
                                   R"("seed":-0.0e+1)",
                                   R"("user":"\ud83d\ude00 \\")",
                                   R"("stop":["}", "],"])"};
  std::erase_if(kept,
                [&](const std::string& member) { return !member.starts_with("\"messages") && random() % 3 == 0; });
  std::vector<std::string> edited = {R"("model" : "auto")", R"("max_tokens":9)", R"("stream":true)",
                                     R"("stream_options":{"a":[1]})", R"("kairosroute" : {"workflow":"}"})"};
  std::erase_if(edited, [&](const std::string& member) { return !member.starts_with("\"model") && random() % 2 == 0; });
  std::vector<std::string> all = kept;
  all.insert(all.end(), edited.begin(), edited.end());
  std::shuffle(all.begin(), all.end(), random);
  std::string body = random_space(random) + "{";
  for (const std::string& member : all) {
    if (&member != &all.front()) body += ",";
    body += random_space(random) + member + random_space(random);
    if (std::find(kept.begin(), kept.end(), member) != kept.end()) untouched.push_back(member);
  }
  return body + "}" + random_space(random);
}

TEST(UpstreamBody, EveryByteOutsideTheEditsStays) {
  std::mt19937 random(20261123); // NOLINT: the same cases every time
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> untouched;
    const std::string body = random_body(random, untouched);
    const auto parsed = parse_client_request(Endpoint::kChatCompletions, body);
    ASSERT_TRUE(parsed.has_value()) << body << parsed.error().error.message;
    UpstreamTarget target;
    target.model_id = "gpt-\"x";
    target.max_output_tokens = 77;
    target.wants_max_completion_tokens = round % 2 == 0;
    const auto sent = upstream_body(*parsed, body, target);
    ASSERT_TRUE(sent.has_value());
    size_t at = 0;
    for (const std::string& member : untouched) { // byte for byte, in their order
      at = sent->find(member, at);
      ASSERT_NE(at, std::string::npos) << body << "\n" << *sent;
      at += member.size();
    }
    const auto again = parse_client_request(Endpoint::kChatCompletions, *sent);
    ASSERT_TRUE(again.has_value()) << *sent << again.error().error.message;
    EXPECT_EQ(again->model, "gpt-\"x");
    EXPECT_EQ(again->max_output_tokens, 77);
    EXPECT_EQ(again->include_usage, parsed->stream) << *sent;
    EXPECT_TRUE(again->kairosroute.empty());
  }
}

TEST(ClientRequest, WhatCannotBeRoutedNamesItsModel) {
  const auto refused_field = [](Endpoint endpoint, std::string_view body) {
    const auto parsed = parse_client_request(endpoint, body);
    EXPECT_TRUE(parsed.has_value());
    const auto wrong = must_be_pinned(*parsed);
    return wrong ? wrong->param : std::string();
  };
  EXPECT_EQ(refused_field(Endpoint::kEmbeddings, R"({"model":"auto","input":"x"})"), "model");
  EXPECT_EQ(refused_field(Endpoint::kEmbeddings, R"({"model":"text-embedding-3-small","input":"x"})"), "");
  EXPECT_EQ(refused_field(Endpoint::kCompletions, R"({"model":"kr-auto:free","prompt":"x"})"), "model");
  EXPECT_EQ(refused_field(Endpoint::kResponses, R"({"model":"auto","input":"x","previous_response_id":"resp_1"})"),
            "previous_response_id");
  EXPECT_EQ(refused_field(Endpoint::kResponses, R"({"model":"gpt-5","input":"x","previous_response_id":"resp_1"})"),
            "");
  EXPECT_EQ(refused_field(Endpoint::kResponses, R"({"model":"auto","input":"x"})"), "");
  EXPECT_TRUE(parse_count_request(R"({"model":"c","messages":[{"role":"user","content":"x"}]})").has_value());
}

TEST(AnswerTap, ReadsWholeAnswersOfEveryEndpoint) {
  AnswerTap response(Endpoint::kResponses, model::Dialect::kOpenAi);
  response.keep_output();
  response.on_body(
      R"({"id":"r1","model":"m","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"T"}]},{"type":"message","content":[{"type":"output_text","text":"Hi"}]},{"type":"function_call","name":"f","arguments":"{}"}],"usage":{"input_tokens":4,"output_tokens":6,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":10}})");
  EXPECT_EQ(response.output(), "THif{}");
  EXPECT_EQ(response.facts().finish_reason, "completed");
  EXPECT_EQ(response.facts().usage[Meter::kInput], 4);
  EXPECT_EQ(response.facts().usage[Meter::kReasoning], 1);
  AnswerTap embedding(Endpoint::kEmbeddings, model::Dialect::kOpenAi);
  embedding.on_body(
      R"({"object":"list","model":"e","data":[{"embedding":[0.1,0.2],"index":0}],"usage":{"prompt_tokens":8,"total_tokens":8}})");
  EXPECT_EQ(embedding.facts().usage[Meter::kInput], 8);
  EXPECT_EQ(embedding.facts().usage.source, model::UsageSource::kProvider);
}

TEST(AnswerTap, ReadsAnOpenAiStream) {
  AnswerTap tap(Endpoint::kChatCompletions, model::Dialect::kOpenAi);
  tap.keep_output();
  EXPECT_EQ(
      tap.on_event("", R"({"id":"c1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})"),
      EventKind::kOther);
  EXPECT_EQ(tap.on_event("", R"({"id":"c1","model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]})"),
            EventKind::kContent);
  EXPECT_EQ(tap.on_event("", R"({"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"),
            EventKind::kOther);
  EXPECT_EQ(
      tap.on_event(
          "",
          R"({"id":"c1","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":2}}})"),
      EventKind::kUsageOnly);
  EXPECT_EQ(tap.on_event("", "[DONE]"), EventKind::kTerminal);
  const AnswerFacts& facts = tap.facts();
  EXPECT_EQ(facts.finish_reason, "stop");
  EXPECT_EQ(tap.output(), "Hi");
  EXPECT_EQ(facts.usage[Meter::kInput], 12);
  EXPECT_EQ(facts.usage[Meter::kCacheRead], 8);
  EXPECT_EQ(facts.usage[Meter::kOutput], 5);
  EXPECT_EQ(facts.usage[Meter::kReasoning], 2);
}

TEST(AnswerTap, ReadsAnAnthropicStream) {
  AnswerTap tap(Endpoint::kMessages, model::Dialect::kAnthropic);
  tap.on_event(
      "message_start",
      R"({"type":"message_start","message":{"id":"m1","model":"c","usage":{"input_tokens":12,"cache_read_input_tokens":8,"output_tokens":1}}})");
  EXPECT_EQ(tap.on_event("content_block_delta",
                         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})"),
            EventKind::kContent);
  tap.on_event("message_delta",
               R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}})");
  EXPECT_EQ(tap.on_event("message_stop", R"({"type":"message_stop"})"), EventKind::kTerminal);
  EXPECT_EQ(tap.facts().finish_reason, "end_turn");
  EXPECT_EQ(tap.facts().usage[Meter::kInput], 12);
  EXPECT_EQ(tap.facts().usage[Meter::kCacheRead], 8);
  EXPECT_EQ(tap.facts().usage[Meter::kOutput], 5);
}

TEST(Usage, MoreCachedThanPromptIsFlaggedAndNothingGoesNegative) {
  const auto usage = read_usage(
      UsageShape::kOpenAiChat,
      R"({"prompt_tokens":5,"completion_tokens":1,"total_tokens":6,"prompt_tokens_details":{"cached_tokens":9}})");
  ASSERT_TRUE(usage.has_value());
  EXPECT_TRUE(usage->inconsistent);
  for (const std::int64_t quantity : usage->quantities) EXPECT_GE(quantity, 0);
  EXPECT_FALSE(read_usage(UsageShape::kOpenAiChat, "null").has_value());
}

TEST(Errors, HaveTheShapeOfTheApiThatWasCalled) {
  const ClientError error{402, "", "over the cap", "", "budget_exceeded", ""};
  EXPECT_NE(error_body(model::Dialect::kOpenAi, error).find(R"("param":null,"code":"budget_exceeded")"),
            std::string::npos);
  EXPECT_TRUE(error_body(model::Dialect::kAnthropic, error).starts_with(R"({"type":"error","error":{"type":)"));
  EXPECT_EQ(read_error(model::Dialect::kOpenAi, 429, "<html>").error, ErrorClass::kRateLimit);
}

} // namespace
} // namespace kairos::providers
