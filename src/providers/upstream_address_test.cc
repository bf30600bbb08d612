#include <gtest/gtest.h>

#include "providers/provider_error.h"
#include "providers/upstream_request.h"

namespace kairos::providers {
namespace {

using model::Dialect;
using model::Endpoint;

UpstreamTarget target_of(Dialect dialect, std::string model = "m-1") {
  UpstreamTarget target;
  target.dialect = dialect;
  target.model_id = std::move(model);
  return target;
}

std::string value_of(const Headers& headers, std::string_view name) {
  for (const auto& [one, value] : headers) {
    if (one == name) return value;
  }
  return "(none)";
}

TEST(UpstreamAddress, EachDialectHasItsPath) {
  EXPECT_EQ(upstream_path(Endpoint::kChatCompletions, target_of(Dialect::kOpenAi), true), "/chat/completions");
  EXPECT_EQ(upstream_path(Endpoint::kEmbeddings, target_of(Dialect::kOpenAi), false), "/embeddings");
  EXPECT_EQ(upstream_path(Endpoint::kMessages, target_of(Dialect::kAnthropic), true), "/messages");
  const UpstreamTarget gemini = target_of(Dialect::kGemini, "gemini-2.5-pro");
  EXPECT_EQ(upstream_path(Endpoint::kMessages, gemini, false), "/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(upstream_path(Endpoint::kResponses, gemini, true), "/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
  const UpstreamTarget bedrock = target_of(Dialect::kBedrock, "anthropic.claude-v1:0");
  EXPECT_EQ(upstream_path(Endpoint::kChatCompletions, bedrock, false), "/model/anthropic.claude-v1%3A0/converse");
  EXPECT_EQ(upstream_path(Endpoint::kChatCompletions, bedrock, true), "/model/anthropic.claude-v1%3A0/converse-stream");
}

TEST(UpstreamAddress, OpenAisDialectStandsBelowGoogles) {
  UpstreamTarget target = target_of(Dialect::kOpenAi);
  target.path_prefix = "/openai";
  EXPECT_EQ(upstream_path(Endpoint::kEmbeddings, target, false), "/openai/embeddings");
}

TEST(UpstreamAddress, AzureHasTwoForms) {
  UpstreamTarget target = target_of(Dialect::kOpenAi, "my-gpt");
  target.azure = true;
  EXPECT_EQ(upstream_path(Endpoint::kChatCompletions, target, false), "/openai/v1/chat/completions");
  EXPECT_EQ(upstream_path(Endpoint::kResponses, target, false), "/openai/v1/responses");
  target.azure_api_version = "2024-10-21";
  EXPECT_EQ(upstream_path(Endpoint::kEmbeddings, target, false),
            "/openai/deployments/my-gpt/embeddings?api-version=2024-10-21");
  EXPECT_EQ(upstream_path(Endpoint::kResponses, target, false), "/openai/responses?api-version=2024-10-21");
  target.dialect = Dialect::kAnthropic;
  EXPECT_EQ(upstream_path(Endpoint::kMessages, target, false), "/anthropic/v1/messages");
}

TEST(UpstreamAddress, TheKeyStandsWhereEachWantsIt) {
  const auto key = [](UpstreamTarget target, std::string_view name) {
    return value_of(upstream_headers(target, "k", {}), name);
  };
  EXPECT_EQ(key(target_of(Dialect::kOpenAi), "authorization"), "Bearer k");
  EXPECT_EQ(key(target_of(Dialect::kAnthropic), "x-api-key"), "k");
  EXPECT_EQ(key(target_of(Dialect::kGemini), "x-goog-api-key"), "k");
  EXPECT_EQ(key(target_of(Dialect::kBedrock), "authorization"), "Bearer k");
  UpstreamTarget azure = target_of(Dialect::kOpenAi);
  azure.azure = true;
  EXPECT_EQ(key(azure, "api-key"), "k");
  EXPECT_EQ(key(azure, "authorization"), "(none)");
  EXPECT_EQ(value_of(upstream_headers(target_of(Dialect::kBedrock), "", {}), "authorization"), "(none)");
}

TEST(UpstreamAddress, HeadersOfOtherDialectsStayHere) {
  EXPECT_FALSE(forwarded_header(Dialect::kGemini, "openai-beta"));
  EXPECT_FALSE(forwarded_header(Dialect::kBedrock, "anthropic-beta"));
  EXPECT_TRUE(forwarded_header(Dialect::kAnthropic, "Anthropic-Beta"));
}

struct Refused {
  int status;
  const char* body;
  ErrorClass error;
};

TEST(ProviderError, OfGoogle) {
  const Refused cases[] = {
      {400,
       R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}})",
       ErrorClass::kAuth},
      {400,
       R"({"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}})",
       ErrorClass::kContextWindow},
      {400, R"({"error":{"code":400,"message":"Unknown name \"x\"","status":"INVALID_ARGUMENT"}})",
       ErrorClass::kInvalid},
      {429, R"({"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED"}})",
       ErrorClass::kRateLimit},
      {503, R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})",
       ErrorClass::kOverloaded},
      {404, R"({"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}})", ErrorClass::kNotFound}};
  for (const Refused& one : cases) {
    const ProviderError error = read_error(Dialect::kGemini, one.status, one.body);
    EXPECT_EQ(name(error.error), name(one.error)) << one.body;
    EXPECT_FALSE(error.message.empty());
  }
}

TEST(ProviderError, OfBedrock) {
  const Refused cases[] = {
      {429, R"({"message":"Too many requests"})", ErrorClass::kRateLimit},
      {400, R"({"message":"Input is too long for requested model."})", ErrorClass::kContextWindow},
      {400, R"({"message":"The provided model identifier is invalid."})", ErrorClass::kInvalid},
      {403, R"({"message":"The security token included in the request is invalid."})", ErrorClass::kAuth},
      {424, R"({"message":"The model failed"})", ErrorClass::kServer},
      {408, R"({"message":"Timed out"})", ErrorClass::kTimeout}};
  for (const Refused& one : cases)
    EXPECT_EQ(name(read_error(Dialect::kBedrock, one.status, one.body).error), name(one.error)) << one.body;
  const auto in_stream = [](const char* json) { return read_stream_error(Dialect::kBedrock, json).error; };
  EXPECT_EQ(in_stream(R"({"__type":"throttlingException","message":"x"})"), ErrorClass::kRateLimit);
  EXPECT_EQ(in_stream(R"({"__type":"modelStreamErrorException","message":"x"})"), ErrorClass::kServer);
  EXPECT_EQ(in_stream(R"({"__type":"validationException","message":"x"})"), ErrorClass::kInvalid);
}

} // namespace
} // namespace kairos::providers
