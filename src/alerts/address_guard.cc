#include "alerts/address_guard.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

namespace kairos::alerts {
namespace {

/// What is not the public internet (IANA's special-purpose registries): this host, link-local with the metadata
/// service, private, shared, benchmarking, documentation, multicast, reserved; and prefixes that carry an IPv4 address
/// within.
constexpr std::array<std::string_view, 32> kForbidden = {
    "0.0.0.0/8",         "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",      "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24",    "224.0.0.0/4",  "240.0.0.0/4",    "::/96",          "64:ff9b::/96",   "64:ff9b:1::/48",
    "100::/64",          "2001::/23",    "2001:db8::/32",  "2002::/16",      "3fff::/20",      "5f00::/16",
    "fc00::/7",          "fe80::/10",    "fec0::/10",      "ff00::/8",       "::1/128",        "168.63.129.16/32",
    "2620:4f:8000::/48", "fd00:ec2::/32"};

std::optional<IpAddress> parse_address(const std::string& text) {
  IpAddress address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) != 1) return std::nullopt;
  address[10] = address[11] = 0xff;
  std::memcpy(address.data() + 12, &four, 4);
  return address;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return text;
}

std::string part_of(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

} // namespace

Result<AddressGuard::Network> AddressGuard::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  const auto address = parse_address(host);
  const bool four = host.find(':') == host.npos;
  int bits = four ? 32 : 128;
  bool good = address.has_value();
  if (slash != text.npos) {
    const std::string_view number = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    good =
        good && error == std::errc() && end == number.data() + number.size() && bits >= 0 && bits <= (four ? 32 : 128);
  }
  if (!good)
    return fail(Code::kInvalid,
                fmt::format("'{}' is not a network such as 10.0.0.0/8 or fd00::/8", text.substr(0, 60)));
  return Network{*address, four ? bits + 96 : bits};
}

Result<AddressGuard> AddressGuard::make(const std::vector<std::string>& allow_networks) {
  AddressGuard guard;
  for (const std::string& text : allow_networks) {
    const auto network = parse(text);
    if (!network) return fail_in("alerts.allow_networks", network.error());
    guard.allowed_.push_back(*network);
  }
  return guard;
}

bool AddressGuard::inside(const IpAddress& address, const Network& network) {
  for (int bit = 0; bit < network.bits; bit += 8) {
    const int left = std::min(network.bits - bit, 8);
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - left));
    const auto byte = static_cast<size_t>(bit / 8);
    if ((address[byte] & mask) != (network.address[byte] & mask)) return false;
  }
  return true;
}

bool AddressGuard::admits(const IpAddress& address) const {
  static const std::vector<Network> kNetworks = [] {
    std::vector<Network> all;
    for (const std::string_view text : kForbidden) all.push_back(*parse(text));
    return all;
  }();
  const auto holds = [&](const Network& network) { return inside(address, network); };
  return std::ranges::any_of(allowed_, holds) || std::ranges::none_of(kNetworks, holds);
}

bool AddressGuard::admits(const sockaddr* address) const {
  IpAddress ip{};
  if (address->sa_family == AF_INET6) {
    std::memcpy(ip.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
    return admits(ip);
  }
  if (address->sa_family != AF_INET) return false;
  ip[10] = ip[11] = 0xff;
  std::memcpy(ip.data() + 12, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
  return admits(ip);
}

Result<> AddressGuard::check_host(const std::string& host) const {
  std::string plain = lower(host);
  while (plain.ends_with('.')) plain.pop_back();
  if (plain.size() > 2 && plain.front() == '[' && plain.back() == ']') plain = plain.substr(1, plain.size() - 2);
  const auto address = parse_address(plain.substr(0, plain.find('%')));
  const bool here = plain == "localhost" || plain.ends_with(".localhost");
  const bool metadata = plain == "metadata" || plain == "metadata.google.internal" || plain == "instance-data";
  const bool good = address ? admits(*address)
                    : here  ? admits(*parse_address("127.0.0.1"))
                            : !metadata && !plain.empty();
  if (good) return {};
  return fail(Code::kInvalid,
              fmt::format("the address '{}' may not be reached: it is not a public one; name its network in "
                          "alerts.allow_networks if it is meant",
                          host.substr(0, 100)));
}

Result<> AddressGuard::check_url(const std::string& url) const {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  const bool control =
      std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
  if (control || url.size() > 2048 || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return fail(Code::kInvalid, "url: is not a URL");
  }
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return fail(Code::kInvalid, "url: must begin with https:// or http://");
  if (!part_of(parsed.get(), CURLUPART_USER).empty() || !part_of(parsed.get(), CURLUPART_PASSWORD).empty()) {
    return fail(Code::kInvalid, "url: must not hold a user or password");
  }
  if (auto host = check_host(part_of(parsed.get(), CURLUPART_HOST)); !host) return fail_in("url", host.error());
  return {};
}

} // namespace kairos::alerts
