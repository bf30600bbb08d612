// Where a request goes to and what proves who sends it: paths, keys and other headers of each dialect.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "providers/aws_sigv4.h"
#include "providers/upstream_request.h"

namespace kairos::providers {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y; });
}

constexpr std::array<std::string_view, 5> kOpenAiHeaders = {"openai-beta", "openai-organization", "openai-project",
                                                            "idempotency-key", "x-client-request-id"};
constexpr std::array<std::string_view, 3> kAnthropicHeaders = {"anthropic-beta", "anthropic-version",
                                                               "idempotency-key"};

std::span<const std::string_view> forwarded_to(model::Dialect provider) {
  switch (provider) {
  case model::Dialect::kOpenAi:
    return kOpenAiHeaders;
  case model::Dialect::kAnthropic:
    return kAnthropicHeaders;
  case model::Dialect::kGemini:
  case model::Dialect::kBedrock:
    break;
  }
  return {};
}

std::string_view openai_path(model::Endpoint endpoint) {
  switch (endpoint) {
  case model::Endpoint::kResponses:
    return "/responses";
  case model::Endpoint::kEmbeddings:
    return "/embeddings";
  case model::Endpoint::kCompletions:
    return "/completions";
  case model::Endpoint::kChatCompletions:
  case model::Endpoint::kMessages:
    break;
  }
  return "/chat/completions";
}

// learn.microsoft.com/azure/ai-foundry/openai/reference: deployments and responses by dated versions of the API, or all
// of OpenAI's paths below /openai/v1. Anthropic's models: …/anthropic/v1/messages.
std::string azure_path(model::Endpoint endpoint, const UpstreamTarget& target) {
  if (target.dialect == model::Dialect::kAnthropic) return "/anthropic/v1/messages";
  const std::string_view path = openai_path(endpoint);
  if (target.azure_api_version.empty()) return fmt::format("/openai/v1{}", path);
  if (endpoint == model::Endpoint::kResponses)
    return fmt::format("/openai{}?api-version={}", path, target.azure_api_version);
  return fmt::format("/openai/deployments/{}{}?api-version={}", path_segment(target.model_id), path,
                     target.azure_api_version);
}

/// Name and value of the header that carries the key.
std::pair<std::string, std::string> key_header(const UpstreamTarget& target, std::string_view key) {
  if (target.dialect == model::Dialect::kAnthropic) return {"x-api-key", std::string(key)};
  if (target.dialect == model::Dialect::kGemini) return {"x-goog-api-key", std::string(key)};
  if (target.azure) return {"api-key", std::string(key)};
  return {"authorization", fmt::format("Bearer {}", key)};
}

} // namespace

std::string upstream_path(model::Endpoint endpoint, const UpstreamTarget& target, bool stream) {
  const model::Endpoint asked = upstream_endpoint(endpoint, target);
  if (target.azure) return azure_path(asked, target);
  switch (target.dialect) {
  case model::Dialect::kOpenAi:
    return target.path_prefix + std::string(openai_path(asked));
  case model::Dialect::kAnthropic:
    return target.path_prefix + "/messages";
  case model::Dialect::kGemini:
    return fmt::format("{}/models/{}:{}", target.path_prefix, path_segment(target.model_id),
                       stream ? "streamGenerateContent?alt=sse" : "generateContent");
  case model::Dialect::kBedrock:
    break;
  }
  return fmt::format("{}/model/{}/{}", target.path_prefix, path_segment(target.model_id),
                     stream ? "converse-stream" : "converse");
}

bool forwarded_header(model::Dialect provider, std::string_view name) {
  return std::ranges::any_of(forwarded_to(provider),
                             [&](std::string_view one) { return equal_ignoring_case(name, one); });
}

Headers upstream_headers(const UpstreamTarget& target, std::string_view provider_key, const Headers& client_headers) {
  Headers headers;
  headers.reserve(8);
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("accept-encoding", "identity");
  if (!provider_key.empty()) headers.push_back(key_header(target, provider_key));
  bool version = false;
  for (const auto& [name, value] : client_headers) {
    if (!forwarded_header(target.dialect, name)) continue;
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    version = version || lower == "anthropic-version";
    headers.emplace_back(std::move(lower), value);
  }
  if (target.dialect == model::Dialect::kAnthropic && !version) headers.emplace_back("anthropic-version", "2023-06-01");
  return headers;
}

} // namespace kairos::providers
