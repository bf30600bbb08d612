// A provider's refusal or failure → a class that decides what to do next: retry, fall back, or tell the client. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/enums.h"

namespace kairos::providers {

enum class ErrorClass : std::uint8_t {
  kInvalid,       // the request is wrong; another provider would say the same
  kAuth,          // our key is wrong or may not do this
  kQuota,         // the account has no credit
  kRateLimit,     // too many requests or tokens for now
  kNotFound,      // no such model at this provider
  kContextWindow, // too long for this model
  kContentPolicy, // refused for its content
  kOverloaded,    // 503, 529
  kTimeout,       // 408, 504
  kServer,        // any other 5xx
};
std::string_view name(ErrorClass error); // "invalid", "auth", "quota", "rate_limit", …: error_type of an attempt

/// True if another model or provider may do better: everything but kInvalid.
bool worth_fallback(ErrorClass error);
/// True if the same provider may do better in a moment: rate limit, overloaded, timeout, server.
bool worth_retry(ErrorClass error);

struct ProviderError {
  ErrorClass error = ErrorClass::kServer;
  std::string type;    // in the provider's words
  std::string code;    // likewise; empty if none
  std::string message; // at most 1,000 bytes
  std::string param;
};

/// From an answer with status ≥ 400. The body may be anything: JSON of another dialect, HTML, nothing.
ProviderError read_error(model::Dialect provider, int http_status, std::string_view body);

/// From an error object inside a stream, for which there is no status.
ProviderError read_stream_error(model::Dialect provider, std::string_view json);

} // namespace kairos::providers
