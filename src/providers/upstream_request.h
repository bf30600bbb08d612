// From a client's request to the bytes, path and headers for one provider. Same dialect: the client's own bytes with
// the few edits that the decision requires. Between dialects: translate.h. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/client_request.h"

namespace kairos::providers {

/// What the decision and the provider's entry in the configuration say about one attempt.
struct UpstreamTarget {
  model::Dialect dialect = model::Dialect::kOpenAi;
  std::string model_id; // as this provider calls it
  /// Bound on output, always sent where the endpoint has one. Per choice.
  std::int64_t max_output_tokens = 0;
  /// OpenAI chat: this model refuses `max_tokens` and wants `max_completion_tokens`.
  bool wants_max_completion_tokens = false;
  /// OpenAI chat: this server knows only `max_tokens` (Mistral and others). Neither: the field the client used.
  bool wants_max_tokens = false;
  /// OpenAI dialect: this server refuses `stream_options` (a few old self-hosted ones do); usage is then counted.
  bool no_stream_options = false;
  /// OpenAI dialect: it serves /responses too. Where it does not, responses are translated to chat completions.
  bool serves_responses = true;
  /// Between the base URL and the dialect's path; mostly empty.
  std::string path_prefix{};
  /// Azure's paths and its key's header; `model_id` is a deployment.
  bool azure = false;
  std::string azure_api_version{}; // empty: the /openai/v1 form, which needs none
};

/// True if a request that arrived at `endpoint` goes to this target as the client wrote it; false: it is translated.
bool speaks_natively(model::Endpoint endpoint, const UpstreamTarget& target);

/// The endpoint at which the provider is asked: the client's own, or chat completions where an OpenAI dialect is
/// translated to. It says how answers are to be read; of no meaning for other dialects.
model::Endpoint upstream_endpoint(model::Endpoint endpoint, const UpstreamTarget& target);

/// True if a request that arrived at `endpoint` can be sent to a provider of this dialect, as it is or translated. The
/// router considers only such providers, and of them those to whose dialect all of the request can be carried.
bool can_serve(model::Endpoint endpoint, model::Dialect provider);

/// The body for the provider. `body` is what `request` was parsed from. Another dialect is refused.
WireResult<std::string> upstream_body(const ParsedRequest& request, std::string_view body,
                                      const UpstreamTarget& target);

/// Path and query below the provider's base URL, which ends in its version ("https://api.openai.com/v1",
/// "https://api.anthropic.com/v1", "https://generativelanguage.googleapis.com/v1beta") but for Azure and Bedrock:
/// "/chat/completions", "/messages", "/models/MODEL:generateContent", "/model/MODEL/converse", …
std::string upstream_path(model::Endpoint endpoint, const UpstreamTarget& target, bool stream);

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Headers for the provider but Host, Content-Length and trace context: its key, content type, identity encoding,
/// dialect version, and those of the client's headers that are passed on (forwarded_header). Names in lower case. An
/// empty key: none, or requests are signed with it (aws_sigv4.h).
Headers upstream_headers(const UpstreamTarget& target, std::string_view provider_key, const Headers& client_headers);

/// True for client headers that belong to the dialect (openai-beta, anthropic-beta, idempotency-key, …). Never keys,
/// cookies, hop-by-hop or X-KairosRoute headers. Any case.
bool forwarded_header(model::Dialect provider, std::string_view name);

} // namespace kairos::providers
