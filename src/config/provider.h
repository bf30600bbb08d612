// Providers as configured: where they are reached, with which keys, and what they promise about data.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "catalog/catalog.h"
#include "config/provider_key.h"
#include "model/enums.h"

namespace kairos::config {

/// What is done with prompts. nullopt: not stated, which no policy that asks for it accepts.
struct DataUse {
  std::optional<bool> may_train;
  std::optional<bool> zero_retention;
  std::vector<std::string> regions; // where data may be processed, if not only in the target's own region
};

/// One place where the provider is reached.
struct ProviderEndpoint {
  std::string region; // empty: not stated
  std::string base_url;
};

struct ProviderLimits {
  std::int64_t max_connections = 1024; // per thread and origin
  Duration connect = std::chrono::seconds(10);
  Duration first_byte = std::chrono::seconds(120);
  Duration idle = std::chrono::seconds(120);
  Duration total = std::chrono::minutes(30);
};

/// What of the caller's trace goes to the provider. The last two may carry what the caller wrote there.
struct TraceForwarding {
  bool traceparent = true; // trace id and the attempt's own span, nothing else
  bool tracestate = false;
  bool baggage = false;
};

/// In which field an OpenAI-compatible server takes the bound on the output of a chat.
enum class OutputBound : std::uint8_t { kAsSent, kMaxTokens, kMaxCompletionTokens };
inline constexpr std::array<std::string_view, 3> kOutputBoundNames = {"as_sent", "max_tokens", "max_completion_tokens"};

/// Where servers of one dialect differ (docs/providers.md). Defaults by catalog id.
struct Quirks {
  OutputBound output_bound = OutputBound::kAsSent;
  bool stream_options = true; // false: it refuses that field
};

/// Azure's addresses: https://RESOURCE.openai.azure.com is the base URL.
struct Azure {
  std::string api_version;                        // empty: the /openai/v1 form, which needs none
  std::map<std::string, std::string> deployments; // model id → deployment; empty: deployments are called as the models
};

struct Provider {
  std::string id;
  std::string catalog_id;                  // whose models of the catalog it serves; mostly the same as id
  std::optional<model::Dialect> dialect;   // nullopt: each model's preferred one
  std::vector<ProviderEndpoint> endpoints; // at least one
  std::vector<ProviderKey> keys;           // a pool; empty: keyless, or own_keys_only
  bool own_keys_only = false;              // the operator has no key for it: it serves tenants that brought their own
  model::Quantization quantization = model::Quantization::kUnknown; // of its models, where they state none
  DataUse data_use;
  ProviderLimits limits;
  std::vector<std::pair<std::string, std::string>> headers; // sent with each request
  std::string ca_file;                                      // empty: the system's certificates
  std::string proxy;                                        // URL of an HTTP proxy; empty: what the environment says
  TraceForwarding forward;
  bool responses = false;              // OpenAI dialect: it serves /responses too; few but OpenAI itself do
  bool only_configured_models = false; // of the catalog, only the models named under `models`
  Quirks quirks;
  std::optional<Azure> azure; // its addresses and its `api-key` header instead of the dialect's
};

/// One model at one provider in one region: what a request can be sent to. The pointers live as long as the Snapshot.
struct Target {
  const catalog::Model* model = nullptr;
  const Provider* provider = nullptr;
  const ProviderEndpoint* endpoint = nullptr;
  model::Dialect dialect = model::Dialect::kOpenAi; // spoken to it
  std::string upstream_id;                          // what the provider calls it: the model's, or Azure's deployment
  std::string path_prefix;                          // between base URL and the dialect's path; mostly empty
  DataUse data_use;                                 // the provider's, with what is configured for the model
  std::string health_key;                           // model::target_key
  model::Quantization quantization = model::Quantization::kUnknown;
  bool candidate = true; // false: a dated version or a deprecated model; served only when asked for by name
};

} // namespace kairos::config
