// Which addresses channels may reach: public ones, and the networks that the configuration allows. Asked when a channel
// is saved (the URL as written) and, what counts, for every address a connection is about to be made to: names can
// change what they mean in between.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace kairos::alerts {

/// An IPv6 address; IPv4 ones are ::ffff:a.b.c.d.
using IpAddress = std::array<std::uint8_t, 16>;

class AddressGuard {
public:
  /// kInvalid names the network that is none: "10.0.0.0/8", "fd00::/8", "127.0.0.1".
  static Result<AddressGuard> make(const std::vector<std::string>& allow_networks);

  bool admits(const IpAddress& address) const;
  /// False for families other than IPv4 and IPv6.
  bool admits(const sockaddr* address) const;
  /// http or https, no user or password, a host that is no forbidden address or name as written.
  Result<> check_url(const std::string& url) const;
  Result<> check_host(const std::string& host) const;

private:
  struct Network {
    IpAddress address{};
    int bits = 128;
  };
  static bool inside(const IpAddress& address, const Network& network);
  static Result<Network> parse(std::string_view text);

  std::vector<Network> allowed_;
};

} // namespace kairos::alerts
