#include "providers/provider_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "providers/provider_error_json.h"

namespace kairos::providers {
namespace {

constexpr size_t kMaxMessage = 1000;
constexpr std::array<std::string_view, 10> kErrorClassNames = {
    "invalid",        "auth",           "quota",      "rate_limit", "not_found",
    "context_window", "content_policy", "overloaded", "timeout",    "server"};

struct Sign {
  std::string_view text;
  ErrorClass error;
};

// Codes, types and statuses as OpenAI, Azure, Anthropic, Google, Bedrock, Mistral and OpenAI-compatible servers write
// them.
constexpr std::array kCodes = {
    Sign{"context_length_exceeded", ErrorClass::kContextWindow},
    Sign{"string_above_max_length", ErrorClass::kContextWindow},
    Sign{"request_too_large", ErrorClass::kContextWindow},
    Sign{"content_policy_violation", ErrorClass::kContentPolicy},
    Sign{"content_filter", ErrorClass::kContentPolicy},
    Sign{"responsibleaipolicyviolation", ErrorClass::kContentPolicy},
    Sign{"moderation_blocked", ErrorClass::kContentPolicy},
    Sign{"insufficient_quota", ErrorClass::kQuota},
    Sign{"billing_hard_limit_reached", ErrorClass::kQuota},
    Sign{"billing_error", ErrorClass::kQuota},
    Sign{"rate_limit_exceeded", ErrorClass::kRateLimit},
    Sign{"rate_limit_error", ErrorClass::kRateLimit},
    Sign{"resource_exhausted", ErrorClass::kRateLimit},
    Sign{"throttlingexception", ErrorClass::kRateLimit},
    Sign{"tokens", ErrorClass::kRateLimit},
    Sign{"requests", ErrorClass::kRateLimit},
    Sign{"overloaded_error", ErrorClass::kOverloaded},
    Sign{"unavailable", ErrorClass::kOverloaded},
    Sign{"slow_down", ErrorClass::kOverloaded},
    Sign{"service_unavailable", ErrorClass::kOverloaded},
    Sign{"timeout_error", ErrorClass::kTimeout},
    Sign{"deadline_exceeded", ErrorClass::kTimeout},
    Sign{"invalid_api_key", ErrorClass::kAuth},
    Sign{"authentication_error", ErrorClass::kAuth},
    Sign{"permission_error", ErrorClass::kAuth},
    Sign{"permission_denied", ErrorClass::kAuth},
    Sign{"unauthenticated", ErrorClass::kAuth},
    Sign{"model_not_found", ErrorClass::kNotFound},
    Sign{"not_found_error", ErrorClass::kNotFound},
    Sign{"deploymentnotfound", ErrorClass::kNotFound},
    Sign{"not_found", ErrorClass::kNotFound},
    Sign{"server_error", ErrorClass::kServer},
    Sign{"api_error", ErrorClass::kServer},
    Sign{"internal", ErrorClass::kServer},
    Sign{"throttling", ErrorClass::kRateLimit},
    Sign{"toomanyrequestsexception", ErrorClass::kRateLimit},
    Sign{"servicequotaexceededexception", ErrorClass::kRateLimit},
    Sign{"serviceunavailableexception", ErrorClass::kOverloaded},
    Sign{"modelnotreadyexception", ErrorClass::kOverloaded},
    Sign{"modeltimeoutexception", ErrorClass::kTimeout},
    Sign{"accessdeniedexception", ErrorClass::kAuth},
    Sign{"unrecognizedclientexception", ErrorClass::kAuth},
    Sign{"expiredtokenexception", ErrorClass::kAuth},
    Sign{"invalidsignatureexception", ErrorClass::kAuth},
    Sign{"resourcenotfoundexception", ErrorClass::kNotFound},
    Sign{"internalserverexception", ErrorClass::kServer},
    Sign{"modelstreamerrorexception", ErrorClass::kServer},
    Sign{"modelerrorexception", ErrorClass::kServer},
};

// Where the code says only "invalid request", the message has to tell.
constexpr std::array kMessages = {
    Sign{"maximum context length", ErrorClass::kContextWindow},
    Sign{"prompt is too long", ErrorClass::kContextWindow},
    Sign{"context window", ErrorClass::kContextWindow},
    Sign{"context length", ErrorClass::kContextWindow},
    Sign{"input is too long", ErrorClass::kContextWindow},
    Sign{"input token count", ErrorClass::kContextWindow},
    Sign{"too many total text bytes", ErrorClass::kContextWindow},
    Sign{"exceeds the maximum number of tokens", ErrorClass::kContextWindow},
    Sign{"exceed context limit", ErrorClass::kContextWindow},
    Sign{"content management policy", ErrorClass::kContentPolicy},
    Sign{"content filtering policy", ErrorClass::kContentPolicy},
    Sign{"safety system", ErrorClass::kContentPolicy},
    Sign{"usage policy", ErrorClass::kContentPolicy},
    Sign{"credit balance is too low", ErrorClass::kQuota},
    Sign{"exceeded your current quota", ErrorClass::kQuota},
    Sign{"api key not valid", ErrorClass::kAuth}, // Google says so with status 400
    Sign{"api key expired", ErrorClass::kAuth},
};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

std::optional<ErrorClass> by_code(std::string_view code) {
  const std::string wanted = lower(code);
  const auto* const found =
      std::find_if(kCodes.begin(), kCodes.end(), [&](const Sign& sign) { return sign.text == wanted; });
  if (found == kCodes.end()) return std::nullopt;
  return found->error;
}

std::optional<ErrorClass> by_message(std::string_view message) {
  const std::string text = lower(message);
  const auto* const found = std::find_if(kMessages.begin(), kMessages.end(),
                                         [&](const Sign& sign) { return text.find(sign.text) != std::string::npos; });
  if (found == kMessages.end()) return std::nullopt;
  return found->error;
}

ErrorClass by_status(int status) {
  switch (status) {
  case 401:
  case 403:
    return ErrorClass::kAuth;
  case 402:
    return ErrorClass::kQuota;
  case 404:
    return ErrorClass::kNotFound;
  case 408:
  case 504:
    return ErrorClass::kTimeout;
  case 413:
    return ErrorClass::kContextWindow;
  case 429:
    return ErrorClass::kRateLimit;
  case 503:
  case 529:
    return ErrorClass::kOverloaded;
  case 409:
  case 424:                     // Bedrock: the model failed
    return ErrorClass::kServer; // a clash inside the provider; trying again is right
  default:
    break;
  }
  return status >= 400 && status < 500 ? ErrorClass::kInvalid : ErrorClass::kServer;
}

/// What the client did wrong stays so whatever words surround it; so the status decides where it is plain.
ErrorClass classify(const ProviderError& error, int status) {
  for (const std::string_view word : {std::string_view(error.code), std::string_view(error.type)}) {
    const auto found = by_code(word);
    if (found) return *found;
  }
  const bool vague = status == 0 || status == 400 || status == 403 || status == 422 || status == 429;
  if (vague) {
    if (const auto found = by_message(error.message)) return *found;
  }
  const std::string type = lower(error.type);
  const bool invalid = type == "invalid_request_error" || type == "validationexception" || type == "invalid_argument";
  if (status == 0) return invalid ? ErrorClass::kInvalid : ErrorClass::kServer;
  return by_status(status);
}

std::string code_text(Json error, std::string_view key) {
  const auto value = member(error, key);
  if (!value) return {};
  if (value->is_string()) return std::string(value->get_string().value_unsafe().substr(0, 128));
  return value->is_int64() ? std::to_string(value->get_int64().value_unsafe()) : std::string();
}

std::string first_text(Json parent, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const std::string_view text = text_member(parent, key);
    if (!text.empty()) return std::string(text.substr(0, kMaxMessage));
  }
  return {};
}

} // namespace

std::string_view name(ErrorClass error) { return kErrorClassNames[static_cast<size_t>(error)]; }

bool worth_fallback(ErrorClass error) { return error != ErrorClass::kInvalid; }

bool worth_retry(ErrorClass error) {
  return error == ErrorClass::kRateLimit || error == ErrorClass::kOverloaded || error == ErrorClass::kTimeout ||
         error == ErrorClass::kServer;
}

ProviderError read_error_json(Json document, int http_status) {
  if (document.is_array() && document.get_array().value_unsafe().size() > 0) { // Gemini streams wrap it
    document = document.get_array().value_unsafe().at(0).value_unsafe();
  }
  ProviderError error;
  const auto inner = member(document, "error");
  if (inner && inner->is_string()) {
    error.message = std::string(inner->get_string().value_unsafe().substr(0, kMaxMessage));
  }
  const Json source = inner && inner->is_object() ? *inner : document;
  if (error.message.empty()) error.message = first_text(source, {"message", "Message", "detail", "error_description"});
  error.type = code_text(source, "type");
  if (error.type.empty()) error.type = code_text(source, "status");
  if (error.type.empty()) error.type = code_text(source, "__type");
  error.code = code_text(source, "code");
  error.param = code_text(source, "param");
  error.error = classify(error, http_status);
  return error;
}

ProviderError read_error(model::Dialect, int http_status, std::string_view body) {
  const auto document = parse_json(body);
  if (document && (document->is_object() || document->is_array())) return read_error_json(*document, http_status);
  ProviderError error;
  error.message = fmt::format("status {} without a JSON body", http_status);
  error.error = by_status(http_status);
  return error;
}

ProviderError read_stream_error(model::Dialect, std::string_view json) {
  const auto document = parse_json(json);
  if (document && document->is_object()) return read_error_json(*document, 0);
  ProviderError error;
  error.message = "the stream carried an error that is not JSON";
  return error;
}

} // namespace kairos::providers
