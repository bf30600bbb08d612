// HttpPost: sends one body at a time to one URL, over a connection that is kept (libcurl, TLS, mutual TLS, proxies).
// Blocks its thread; redirects are not followed. The answer is bounded also after decompression. One thread, but for
// the stop callback, which may look at anything atomic.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/otlp.h"

namespace kairos::telemetry {

inline constexpr size_t kMaxAnswer = 4u << 20; // as the OTLP specification asks

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
  bool too_large = false;         // cut at kMaxAnswer; nothing in the body is to be believed
  std::int64_t retry_after_s = 0; // of the Retry-After field, seconds or date; 0: none
};

class HttpPost {
public:
  /// `version`: of KairosRoute, for the User-Agent. `give_up` is asked about once a second while a request runs.
  HttpPost(const config::OtlpSignal& signal, std::string_view version, std::function<bool()> give_up);
  ~HttpPost();
  HttpPost(const HttpPost&) = delete;
  HttpPost& operator=(const HttpPost&) = delete;

  /// An error (kUpstream, kTimeout, kCancelled) means that no whole answer came. Compresses `body` if so configured.
  Result<HttpAnswer> send(const std::string& body);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A URL for logs: without its query, in which some receivers want a key.
std::string_view shown_url(std::string_view url);

/// gzip, level 1: spans repeat themselves, more effort gains little.
Result<std::string> gzip(std::string_view text);

} // namespace kairos::telemetry
