// Where an upstream is: scheme, host and port, how to trust it, and the proxy between. Pure; no sockets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos::net {

/// Where to send. `proxy_*`: an HTTP proxy between (CONNECT for https, the whole URL as target for http).
struct Origin {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;
  std::string ca_file; // trusted besides the system's authorities
  std::string proxy_host;
  std::uint16_t proxy_port = 0;
  std::string proxy_authorization; // "Basic …", or empty

  /// The same for origins that may share connections.
  std::string key() const;
  std::string authority() const; // for the Host field: without a default port
};

struct Url {
  Origin origin;
  std::string path; // without a trailing '/'
};
/// "https://api.example.com/v1"; the error says what is wrong.
Result<Url> parse_url(std::string_view text);

/// The usual environment variables' contents; empty: none. `no_proxy` is a list of hosts, ".domain" or "domain" (which
/// includes hosts below it), either with or without ":port", and "*" for all.
struct ProxySettings {
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
};
/// Sets the origin's proxy. The error says which proxy URL is wrong.
Result<void> apply_proxy(const ProxySettings& settings, Origin& origin);

} // namespace kairos::net
