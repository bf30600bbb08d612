#include "providers/client_error.h"

#include <fmt/format.h>

#include <chrono>

#include "base/clock.h"
#include "model/json_writer.h"

namespace kairos::providers {
namespace {

using model::JsonWriter;

void optional_string(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  if (text.empty()) {
    json.null();
  } else {
    json.string(text);
  }
}

std::string openai_body(const ClientError& error, std::string_view type) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  json.key("message").string(error.message).key("type").string(type);
  optional_string(json, "param", error.param);
  optional_string(json, "code", error.code);
  if (!error.details.empty()) json.key("details").raw(error.details);
  json.end_object().end_object();
  return out;
}

std::string anthropic_body(const ClientError& error, std::string_view type) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("type").string("error").key("error").begin_object();
  json.key("type").string(type).key("message").string(error.message);
  if (!error.param.empty()) json.key("param").string(error.param);
  if (!error.code.empty()) json.key("code").string(error.code);
  if (!error.details.empty()) json.key("details").raw(error.details);
  json.end_object().end_object();
  return out;
}

/// OpenAI's responses stream: {"type":"error","code","message","param","sequence_number"}.
std::string responses_event(const ClientError& error, std::string_view type, std::int64_t sequence) {
  std::string out = "event: error\ndata: ";
  JsonWriter json(out);
  json.begin_object().key("type").string("error");
  json.key("code").string(error.code.empty() ? type : std::string_view(error.code));
  json.key("message").string(error.message);
  optional_string(json, "param", error.param);
  json.key("sequence_number").integer(sequence).end_object();
  return out.append("\n\n");
}

std::string_view openai_type(int status) {
  switch (status) {
  case 401:
    return "authentication_error";
  case 402:
    return "insufficient_quota";
  case 403:
    return "permission_error";
  case 408:
  case 504:
    return "timeout_error";
  case 429:
    return "rate_limit_error";
  default:
    return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

// docs.anthropic.com/en/api/errors
std::string_view anthropic_type(int status) {
  switch (status) {
  case 401:
    return "authentication_error";
  case 402:
    return "billing_error";
  case 403:
    return "permission_error";
  case 404:
    return "not_found_error";
  case 413:
    return "request_too_large";
  case 408:
  case 504:
    return "timeout_error";
  case 429:
    return "rate_limit_error";
  case 503:
  case 529:
    return "overloaded_error";
  default:
    return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

void openai_model(JsonWriter& json, const ModelEntry& entry) {
  json.begin_object().key("id").string(entry.id).key("object").string("model");
  json.key("created").integer(entry.created).key("owned_by").string(entry.owned_by).end_object();
}

void anthropic_model(JsonWriter& json, const ModelEntry& entry) {
  const std::chrono::sys_seconds created{std::chrono::seconds(entry.created)};
  const WallTime time = created;
  json.begin_object().key("type").string("model").key("id").string(entry.id).key("display_name").string(entry.id);
  json.key("created_at").string(to_rfc3339(time)).end_object();
}

} // namespace

std::string_view error_type(model::Dialect client, int http_status) {
  return client == model::Dialect::kAnthropic ? anthropic_type(http_status) : openai_type(http_status);
}

std::string error_body(model::Dialect client, const ClientError& error) {
  const std::string_view type =
      error.type.empty() ? error_type(client, error.http_status) : std::string_view(error.type);
  return client == model::Dialect::kAnthropic ? anthropic_body(error, type) : openai_body(error, type);
}

std::string error_event(model::Endpoint endpoint, const ClientError& error, std::int64_t sequence) {
  if (endpoint == model::Endpoint::kMessages) {
    return "event: error\ndata: " + error_body(model::Dialect::kAnthropic, error) + "\n\n";
  }
  if (endpoint == model::Endpoint::kResponses) {
    return responses_event(error, error.type.empty() ? openai_type(error.http_status) : std::string_view(error.type),
                           sequence);
  }
  return "data: " + error_body(model::Dialect::kOpenAi, error) + "\n\n";
}

ClientError to_client_error(const ProviderError& error, int http_status) {
  ClientError result;
  result.http_status = http_status;
  result.message = error.message;
  result.param = error.param;
  result.code = error.code.empty() ? std::string(name(error.error)) : error.code;
  return result;
}

std::string models_list(model::Dialect client, std::span<const ModelEntry> models) {
  const bool anthropic = client == model::Dialect::kAnthropic;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  if (!anthropic) json.key("object").string("list");
  json.key("data").begin_array();
  for (const ModelEntry& entry : models) anthropic ? anthropic_model(json, entry) : openai_model(json, entry);
  json.end_array();
  if (anthropic) {
    json.key("has_more").boolean(false);
    optional_string(json, "first_id", models.empty() ? std::string_view() : models.front().id);
    optional_string(json, "last_id", models.empty() ? std::string_view() : models.back().id);
  }
  json.end_object();
  return out;
}

} // namespace kairos::providers
