#include "net/origin.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/http_head.h"

namespace kairos::net {

namespace {

struct Authority {
  std::string_view user; // "name:password", or empty
  std::string_view host;
  std::optional<std::uint16_t> port;
};

/// An empty host means that it is not usable.
Authority split_authority(std::string_view text) {
  Authority parts;
  const size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    parts.user = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (has_port) {
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return {};
    parts.port = port;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  parts.host = text;
  return parts;
}

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
    out.push_back(escaped ? static_cast<char>(value) : text[i]);
    if (escaped) i += 2;
  }
  return out;
}

bool is_excepted(std::string_view list, const Origin& origin) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view entry = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry == "*") return true;
    const bool address6 = std::count(entry.begin(), entry.end(), ':') > 1 && !entry.starts_with('[');
    const Authority parts = address6 ? Authority{{}, entry, std::nullopt} : split_authority(entry);
    std::string_view domain = parts.host;
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.empty() || (parts.port && *parts.port != origin.port)) continue;
    const std::string_view host = origin.host;
    if (same_name(host, domain)) return true;
    const bool below = host.size() > domain.size() && same_name(host.substr(host.size() - domain.size()), domain);
    if (below && host[host.size() - domain.size() - 1] == '.') return true;
  }
  return false;
}

} // namespace

std::string Origin::key() const {
  std::string key;
  key.reserve(host.size() + ca_file.size() + proxy_host.size() + proxy_authorization.size() + 20);
  key.append(tls ? "s" : "p").append(host).append("|").append(std::to_string(port)).append("|").append(ca_file);
  if (!proxy_host.empty()) {
    key.append("|").append(proxy_host).append("|").append(std::to_string(proxy_port)).append("|");
    key.append(proxy_authorization);
  }
  return key;
}

std::string Origin::authority() const {
  const bool address6 = host.find(':') != std::string::npos;
  std::string text = address6 ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text.append(":").append(std::to_string(port));
  return text;
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kInvalid, fmt::format("'{}' is not a usable URL: {}; write it like https://api.example.com/v1",
                                            text.substr(0, 200), why));
  };
  url.origin.tls = rest.starts_with("https://");
  if (!url.origin.tls && !rest.starts_with("http://")) return refuse("it begins with neither http:// nor https://");
  rest.remove_prefix(url.origin.tls ? 8 : 7);
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  url.path = rest.substr(slash);
  if (url.path.find_first_of("?# \t\r\n") != std::string::npos) {
    return refuse("it holds a query, a fragment or white space");
  }
  while (url.path.ends_with('/')) url.path.pop_back();
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) return refuse("it holds a user name");
  const Authority parts = split_authority(authority);
  if (parts.host.empty() || parts.host.find_first_of(" \t\r\n\"<>\\") != std::string_view::npos) {
    return refuse("its host is empty or its port is not a number from 1 to 65535");
  }
  url.origin.host = parts.host;
  url.origin.port = parts.port.value_or(url.origin.tls ? 443 : 80);
  return url;
}

Result<void> apply_proxy(const ProxySettings& settings, Origin& origin) {
  const std::string& proxy = origin.tls ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty() || is_excepted(settings.no_proxy, origin)) return {};
  std::string_view rest = proxy;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  const Authority parts = split_authority(rest.substr(0, rest.find('/')));
  if (parts.host.empty() || rest.find("://") != std::string_view::npos) {
    return fail(Code::kInvalid,
                fmt::format("the proxy for {} is not usable; write it like http://proxy.example.com:3128",
                            origin.tls ? "https (HTTPS_PROXY)" : "http (HTTP_PROXY)"));
  }
  origin.proxy_host = parts.host;
  origin.proxy_port = parts.port.value_or(80);
  if (!parts.user.empty()) origin.proxy_authorization = "Basic " + base64(percent_decoded(parts.user));
  return {};
}

} // namespace kairos::net
