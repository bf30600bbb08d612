// Which addresses channels may reach, whatever way they are written.
#include "alerts/address_guard.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace kairos::alerts {
namespace {

TEST(Guard, RefusesWhatIsNotPublic) {
  const auto guard = AddressGuard::make({});
  for (const char* url : {"http://127.0.0.1/",
                          "http://127.1/",
                          "http://2130706433/",
                          "http://0x7f.1/",
                          "http://[::1]/",
                          "http://[::ffff:10.0.0.1]/",
                          "http://169.254.169.254/latest",
                          "http://10.1.2.3/",
                          "http://192.168.0.1/",
                          "http://100.64.0.1/",
                          "http://0.0.0.0/",
                          "http://localhost/",
                          "http://LOCALHOST./",
                          "http://x.localhost/",
                          "http://[fe80::1]/",
                          "http://[fd00::1]/",
                          "http://[64:ff9b::7f00:1]/",
                          "http://metadata.google.internal/",
                          "ftp://example.com/",
                          "file:///etc/passwd",
                          "https://user:pass@example.com/",
                          "https://",
                          "not a url",
                          "https://exa\nmple.com/"}) {
    EXPECT_FALSE(guard->check_url(url)) << url;
  }
  EXPECT_TRUE(guard->check_url("https://example.com/hook?x=1"));
  EXPECT_TRUE(guard->check_url("https://93.184.216.34/"));
}

TEST(Guard, AdmitsWhatIsAllowed) {
  const auto guard = AddressGuard::make({"10.1.0.0/16", "::1"});
  EXPECT_TRUE(guard->check_url("http://10.1.2.3/"));
  EXPECT_FALSE(guard->check_url("http://10.2.2.3/"));
  EXPECT_TRUE(guard->check_url("http://[::1]/"));
  EXPECT_FALSE(AddressGuard::make({"10.0.0.0/33"}));
  EXPECT_FALSE(AddressGuard::make({"ten"}));
}

TEST(Guard, JudgesTheAddressOfAConnection) {
  const auto guard = AddressGuard::make({"127.0.0.2"});
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(0x7f000001);
  EXPECT_FALSE(guard->admits(reinterpret_cast<const sockaddr*>(&four)));
  four.sin_addr.s_addr = htonl(0x7f000002);
  EXPECT_TRUE(guard->admits(reinterpret_cast<const sockaddr*>(&four)));
  sockaddr_in6 six{}; // ::ffff:169.254.169.254
  six.sin6_family = AF_INET6;
  const std::array<std::uint8_t, 16> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 169, 254, 169, 254};
  std::copy(mapped.begin(), mapped.end(), six.sin6_addr.s6_addr);
  EXPECT_FALSE(guard->admits(reinterpret_cast<const sockaddr*>(&six)));
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(guard->admits(reinterpret_cast<const sockaddr*>(&local)));
}

} // namespace
} // namespace kairos::alerts
