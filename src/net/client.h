// HTTP/1.1 client with connection pools. One Client per Loop; everything here runs on that loop. Certificates are
// always verified. Bodies come as they arrive, without their chunk framing and as they are encoded (inflate.h decodes).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/async.h"
#include "net/http_head.h"
#include "net/loop.h"
#include "net/origin.h"

namespace kairos::net {

/// What went wrong with a call; the message beside it says more.
enum class NetFailure : std::uint8_t {
  kConnect,          // refused, unreachable, unknown host
  kTls,              // the handshake failed, or the certificate is not trusted
  kConnectTimeout,   // all addresses tried
  kFirstByteTimeout, // sent, but no answer began
  kIdleTimeout,      // the answer began and then stood still
  kTotalTimeout,
  kReset,     // closed before the answer's head was complete
  kTruncated, // closed before the answer's body was complete
  kBadAnswer, // not HTTP, or over a limit
  kCancelled, // by cancel()
  kPoolFull,  // no connection became free in time
};
std::string_view name(NetFailure failure); // "connect", "connect_timeout", …: for error_type
/// The request never reached the other side, so that nothing can have been produced.
constexpr bool never_arrived(NetFailure failure) {
  return failure == NetFailure::kConnect || failure == NetFailure::kTls || failure == NetFailure::kConnectTimeout ||
         failure == NetFailure::kPoolFull;
}

struct CallError {
  NetFailure failure;
  std::string message;
};
template <class T>
using CallResult = std::expected<T, CallError>;

/// Each ends the call with a failure of its own.
struct CallTimeouts {
  Duration connect = std::chrono::seconds(10);     // to wait for room in the pool; then for name, connection, TLS
  Duration first_byte = std::chrono::seconds(120); // from the request's last byte to the end of the answer's head
  Duration idle = std::chrono::seconds(120);       // between pieces of the answer
  Duration total = std::chrono::minutes(30);       // of all that, from send() on
};

struct ClientOptions {
  size_t connections_per_origin = 1024; // per loop
  size_t waiting_per_origin = 4096;
  Duration idle_time = std::chrono::seconds(50);
  HeadLimits head;
};

/// The views must live until send() has returned.
struct ClientRequest {
  std::string_view method = "POST";
  std::string_view target;
  std::vector<Header> headers; // without Host and Content-Length
  std::string_view body;
  /// Called on the loop when the request has been written and nothing is left but to wait: work that the answer need
  /// not wait for has its time here. Again, if the request goes out again over a fresh connection.
  std::function<void()> on_sent;
};

class Client {
public:
  /// Destroyed after its loop has stopped, and before the loop.
  Client(Loop& loop, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Closes idle connections; calls that run go on.
  void close_idle();
  size_t open_connections() const;

private:
  friend class Call;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// One request and its answer. Made on the loop, destroyed on it; an unfinished call's connection is closed.
class Call {
public:
  Call(Client& client, Origin origin, CallTimeouts timeouts);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Sends the request and waits for the answer's head; once per Call. A reused connection that dies before the first
  /// byte of the answer is replaced by a fresh one, once; retried() says so.
  Task<CallResult<void>> send(const ClientRequest& request);

  /// After a successful send().
  const Head& head() const;
  /// The next piece of the body, never empty but at its end. The view is valid until the next call.
  Task<CallResult<std::string_view>> read_some();
  /// What is left of the body; kBadAnswer when that is more than `limit` bytes.
  Task<CallResult<std::string>> read_all(size_t limit);

  /// Ends whatever the call is waiting for with kCancelled. On the loop.
  void cancel();
  bool reused() const;
  /// Some of the request may have arrived: a connection stood, and its bytes were given to it.
  bool sent() const;
  bool retried() const;

private:
  friend class Client;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::net
