// HTTP/1.1 server. Each Server lives on one Loop; several may share a port (SO_REUSEPORT). A connection is handled by
// one coroutine on its loop; requests on it one after the other, in order. What is refused without asking the handler:
// heads that are malformed, too large, too slow or framed ambiguously. A body whose Content-Length is over the limit is
// not read: read_body() says kTooLarge at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/async.h"
#include "net/http_head.h"
#include "net/loop.h"

namespace kairos::net {

struct ServerLimits {
  HeadLimits head; // head_bytes up to 64 KiB
  std::uint64_t body_bytes = 32 * 1024 * 1024;
  size_t connections = 10'000;                   // per loop; more are closed at once
  Duration head_time = std::chrono::seconds(10); // from the first byte of a request to the end of its head
  Duration body_time = std::chrono::seconds(60);
  Duration idle_time = std::chrono::seconds(75);  // between requests
  Duration write_time = std::chrono::seconds(30); // a client that takes no byte for this long is dropped
};

struct HttpBody {
  std::string content_type;
  std::string body;
};

using ResponseHeaders = std::vector<Header>;
/// For co_await expressions, in which gcc 12 miscompiles a braced `{}`.
inline const ResponseHeaders kNoHeaders;

/// One request and its answer. Belongs to its loop; valid until the handler returns.
class Exchange {
public:
  virtual ~Exchange() = default;

  virtual const Head& head() const = 0;
  virtual std::string_view remote_address() const = 0;
  virtual Loop& loop() = 0;
  boost::asio::any_io_executor executor(); // of the loop, for await_from_thread

  /// The whole body. kTooLarge past the limit, kTimeout, kInvalid when it is not well framed, kCancelled when the
  /// client left; after any of these the connection ends with the answer. The view lives until the handler returns. A
  /// client that waits for "100 Continue" gets it now.
  virtual Task<Result<std::string_view>> read_body() = 0;

  /// A complete answer. Content-Length and Connection are added. False: the client is gone.
  virtual Task<bool> respond(int status, const ResponseHeaders& headers, std::string_view body) = 0;
  /// A streamed answer: start, write as often as needed, finish. Each waits until the client's side takes the bytes, so
  /// a slow client slows the handler. Bytes given to start and finish travel in the same packet. False: the client is
  /// gone.
  virtual Task<bool> start_stream(int status, const ResponseHeaders& headers, std::string_view first_bytes = {}) = 0;
  virtual Task<bool> write(std::string_view bytes) = 0;
  virtual Task<bool> finish(std::string_view last_bytes = {}) = 0;
  /// Breaks the connection so that the client sees an incomplete answer.
  virtual void abort() = 0;

  virtual bool answer_started() const = 0;
  /// True once the client has closed its side, even if only for sending.
  virtual bool client_gone() const = 0;
  /// `f` is called once, on the loop, when the client leaves while the handler waits for something else; at once if it
  /// has left already. It is forgotten when the handler returns.
  virtual void on_client_gone(std::function<void()> f) = 0;
};

using Handler = std::function<Task<void>(Exchange&)>;

class Server {
public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    bool join_port = false;       // other Servers of this process listen on address and port already: share them
    std::string unix_path;        // instead of address and port; a socket that is there already is replaced
    std::string certificate_file; // with private_key_file: TLS
    std::string private_key_file;
    ServerLimits limits;
    /// Body of answers that net itself gives (408, 413, 431, 400 …), so that they have the API's shape.
    std::function<HttpBody(int status, std::string_view message)> error_body;
  };

  Server(Loop& loop, Options options, Handler handler);
  ~Server(); // breaks what runs; its handlers may still be ending until the loop has stopped
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds, listens and begins to accept; the error says which address and why.
  Result<void> listen();
  std::uint16_t local_port() const;

  /// Stops accepting, closes idle connections, lets running exchanges finish. Thread-safe; `done` is called on the loop
  /// when the last one has ended. Call abort_all() when patience ends: it breaks those that are left.
  void drain(std::function<void()> done);
  void abort_all();

  size_t connections() const; // thread-safe

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// "Not Found" for 404.
std::string_view reason_phrase(int status);

} // namespace kairos::net
