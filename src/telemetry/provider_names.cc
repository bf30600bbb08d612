#include <array>
#include <utility>

#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {
namespace {

/// Ids of the catalog whose well-known value in the conventions (gen_ai.provider.name) is another.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kNames = {{
    {"google", "gcp.gemini"},
    {"gemini", "gcp.gemini"},
    {"vertex", "gcp.vertex_ai"},
    {"vertex_ai", "gcp.vertex_ai"},
    {"bedrock", "aws.bedrock"},
    {"amazon", "aws.bedrock"},
    {"azure", "azure.ai.openai"},
    {"azure_openai", "azure.ai.openai"},
    {"azure_ai", "azure.ai.inference"},
    {"mistral", "mistral_ai"},
    {"xai", "x_ai"},
    {"moonshot", "moonshot_ai"},
    {"watsonx", "ibm.watsonx.ai"},
    {"ibm", "ibm.watsonx.ai"},
}};

} // namespace

std::string_view genai_provider_name(std::string_view catalog_id) {
  for (const auto& [id, name] : kNames) {
    if (id == catalog_id) return name;
  }
  return catalog_id;
}

std::string_view genai_operation(model::Endpoint endpoint) {
  if (endpoint == model::Endpoint::kEmbeddings) return "embeddings";
  return endpoint == model::Endpoint::kCompletions ? "text_completion" : "chat";
}

std::string_view genai_operation(const model::Receipt& receipt, const model::Attempt& attempt) {
  const bool lookup = attempt.reason == model::AttemptReason::kLookup;
  return genai_operation(lookup ? model::Endpoint::kEmbeddings : receipt.request.endpoint);
}

std::string_view route_of(model::Endpoint endpoint) {
  static constexpr std::array<std::string_view, 5> kRoutes = {"/v1/chat/completions", "/v1/responses", "/v1/embeddings",
                                                              "/v1/completions", "/v1/messages"};
  static_assert(kRoutes.size() == model::kEndpointNames.size());
  return kRoutes[static_cast<size_t>(endpoint)];
}

std::optional<ServerAddress> address_of(std::string_view base_url) {
  const bool tls = base_url.starts_with("https://");
  if (!tls && !base_url.starts_with("http://")) return std::nullopt;
  std::string_view rest = base_url.substr(tls ? 8 : 7);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  ServerAddress address{std::string(rest), tls ? 443 : 80};
  const size_t colon = rest.rfind(':');
  if (colon == rest.npos || rest.ends_with(']')) return address;
  address.port = 0;
  for (const char c : rest.substr(colon + 1)) {
    if (c < '0' || c > '9' || address.port > 65535) return std::nullopt;
    address.port = address.port * 10 + (c - '0');
  }
  address.host = rest.substr(0, colon);
  return address;
}

ProviderTable provider_table(std::span<const config::Provider> providers) {
  ProviderTable table;
  for (const config::Provider& provider : providers) {
    ProviderFacts& facts = table[provider.id];
    facts.genai_name = genai_provider_name(provider.catalog_id);
    for (const config::ProviderEndpoint& endpoint : provider.endpoints) {
      const auto address = address_of(endpoint.base_url);
      if (!address) continue;
      facts.by_region.emplace("", *address);
      facts.by_region.emplace(endpoint.region, *address);
    }
  }
  return table;
}

} // namespace kairos::telemetry
