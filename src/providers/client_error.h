// What KairosRoute itself says to a client, in the shape of the API that was called. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/enums.h"
#include "providers/provider_error.h"

namespace kairos::providers {

struct ClientError {
  int http_status = 500;
  std::string type; // OpenAI's words: "invalid_request_error", …; empty: the usual one for the status
  std::string message;
  std::string param;   // empty: null
  std::string code;    // "budget_exceeded", …; empty: null
  std::string details; // raw JSON, put beside the message as `details`; empty: none
};

/// OpenAI: {"error":{"message","type","param","code"}}. Anthropic: {"type":"error","error":{"type","message",…}}.
std::string error_body(model::Dialect client, const ClientError& error);

/// The same as an event of a stream that has begun, whole SSE bytes with the empty line. `sequence`: how many events
/// came before it, which OpenAI's responses number.
std::string error_event(model::Endpoint endpoint, const ClientError& error, std::int64_t sequence = 0);

/// The usual `type` for a status: 401 "authentication_error", 429 "rate_limit_error" (Anthropic: "rate_limit_error") …
std::string_view error_type(model::Dialect client, int http_status);

/// What a provider said, for the client: its own words, in the shape of the client's dialect.
ClientError to_client_error(const ProviderError& error, int http_status);

struct ModelEntry {
  std::string id;
  std::string owned_by;
  std::int64_t created = 0; // Unix seconds
};
/// GET /v1/models, in the client's dialect.
std::string models_list(model::Dialect client, std::span<const ModelEntry> models);

} // namespace kairos::providers
