#include "api/sessions.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/hex.h"
#include "gateway/gateway.h"

namespace kairos::api {

std::string random_secret() {
  std::array<std::uint8_t, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    std::abort(); // never a guessable one
  return to_hex(bytes);
}

Sessions::Opened Sessions::open(std::string key_sha256) {
  Opened opened{random_secret(), {std::move(key_sha256), random_secret(), clock_.wall_now() + kSessionTime}};
  const std::scoped_lock lock(mutex_);
  if (by_hash_.size() >= kMostSessions) {
    by_hash_.erase(std::ranges::min_element(by_hash_, {}, [](const auto& entry) { return entry.second.expires_at; }));
  }
  by_hash_.emplace(gateway::sha256_hex(opened.secret), opened.session);
  return opened;
}

std::optional<Session> Sessions::find(std::string_view secret) const {
  if (secret.empty()) return std::nullopt;
  const std::string hash = gateway::sha256_hex(secret);
  const std::scoped_lock lock(mutex_);
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end() || found->second.expires_at <= clock_.wall_now()) return std::nullopt;
  return found->second;
}

void Sessions::close(std::string_view secret) {
  const std::string hash = gateway::sha256_hex(secret);
  const std::scoped_lock lock(mutex_);
  by_hash_.erase(hash);
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

} // namespace kairos::api
