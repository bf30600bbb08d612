// Cookie sessions of the dashboard: a random secret for a key that was shown once. In memory and bounded; a restart
// asks for the key again. Only the secret's SHA-256 is kept. What a session may do is looked up with its key at each
// request, so a revoked key ends its sessions. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace kairos::api {

inline constexpr std::string_view kSessionCookie = "kr_session";
inline constexpr auto kSessionTime = std::chrono::hours(12);
inline constexpr size_t kMostSessions = 10'000;

struct Session {
  std::string key_sha256;
  std::string csrf_token; // what a page of the same origin shows in X-CSRF-Token
  WallTime expires_at{};
};

class Sessions {
public:
  explicit Sessions(const Clock& clock) : clock_(clock) {}

  struct Opened {
    std::string secret; // the cookie's value
    Session session;
  };
  /// Where there are too many, the one that ends first goes.
  Opened open(std::string key_sha256);
  std::optional<Session> find(std::string_view secret) const;
  void close(std::string_view secret);

private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Session, std::less<>> by_hash_;
};

/// 256 random bits in hex.
std::string random_secret();
/// The value of one cookie in a Cookie header; empty: none.
std::string_view cookie_value(std::string_view header, std::string_view name);

} // namespace kairos::api
