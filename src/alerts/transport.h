// Transport: sends messages over HTTP and SMTP, several at once. HTTP runs on the thread that calls poll(); each mail
// has a thread of its own meanwhile, since libcurl waits for some of a mail server's answers without returning. Every
// address is asked of the AddressGuard before a socket is made; redirects are not followed, proxies of the environment
// are not used, of an answer at most kMaxAnswer is read. TLS certificates are always checked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "alerts/address_guard.h"
#include "alerts/message.h"
#include "base/clock.h"

namespace kairos::alerts {

inline constexpr size_t kMaxAnswer = 64 * 1024;

/// How one attempt ended.
struct Outcome {
  std::string token;
  bool delivered = false;
  bool retry = false; // false and not delivered: trying again would not help
  int status = 0;     // HTTP or SMTP; 0: none arrived
  std::string detail; // for people: what the receiver said, or what failed; at most 300 bytes
  std::optional<Duration> retry_after;
  std::vector<std::string> recipients_left =
      {}; // of a mail that others got or that is refused for them: the next attempt's
};

struct Sending {
  std::string token;
  std::variant<HttpMessage, MailMessage> message;
  const config::AlertChannel* channel = nullptr; // credentials and certificates; read by start() only
  std::shared_ptr<const AddressGuard> guard;
  Duration timeout = std::chrono::seconds(10);
};

class Transport {
public:
  Transport();
  ~Transport(); // breaks off what runs; may take about a second
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void start(Sending sending);
  /// Works for at most `wait`, less if something ends or wake() is called.
  std::vector<Outcome> poll(Duration wait);
  size_t running() const;
  void wake(); // any thread

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::alerts
