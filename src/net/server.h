// HTTP/1.1 server. Each Server lives on one Loop; several may share a port (SO_REUSEPORT). A connection is handled by one
// coroutine on its loop; requests on it one after the other, in order.
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
  HeadLimits head;
  std::uint64_t body_bytes = 32 * 1024 * 1024;
  size_t connections = 10'000; // per loop; more are closed at once
  Duration head_time = std::chrono::seconds(10); // from the first byte of a request to the end of its head
  Duration body_time = std::chrono::seconds(60);
  Duration idle_time = std::chrono::seconds(75); // between requests
  Duration write_time = std::chrono::seconds(30); // a client that takes no byte for this long is dropped
};

struct HttpBody {
  std::string content_type;
  std::string body;
};

using ResponseHeaders = std::vector<Header>;

/// One request and its answer. Belongs to its loop; valid until the handler returns.
class Exchange {
public:
  virtual ~Exchange() = default;

  virtual const Head& head() const = 0;
  virtual std::string_view remote_address() const = 0;
  virtual Loop& loop() = 0;

  /// The whole body. kTooLarge past the limit (the head's Content-Length is looked at first), kTimeout, kInvalid when it
  /// is not well framed, kCancelled when the client left. The view lives as long as the exchange.
  virtual Task<Result<std::string_view>> read_body() = 0;

  /// A complete answer.
  virtual Task<bool> respond(int status, const ResponseHeaders& headers, std::string_view body) = 0;
  /// A streamed answer: start, write as often as needed, finish. False: the client is gone.
  virtual Task<bool> start_stream(int status, const ResponseHeaders& headers) = 0;
  virtual Task<bool> write(std::string_view bytes) = 0;
  virtual Task<bool> finish() = 0;
  /// Breaks the connection so that the client sees an incomplete answer.
  virtual void abort() = 0;

  virtual bool answer_started() const = 0;
  virtual bool client_gone() const = 0;
  /// `f` is called once, on the loop, when the client leaves while the handler waits for something else.
  virtual void on_client_gone(std::function<void()> f) = 0;
};

using Handler = std::function<Task<void>(Exchange&)>;

class Server {
public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string unix_path;          // instead of address and port
    std::string certificate_file;   // with private_key_file: TLS
    std::string private_key_file;
    ServerLimits limits;
    /// Body of answers that net itself gives (408, 413, 431, 400 …), so that they have the API's shape.
    std::function<HttpBody(int status, std::string_view message)> error_body;
  };

  Server(Loop& loop, Options options, Handler handler);
  ~Server(); // on any thread, after the loop has stopped
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and listens; the error says which address and why. Before the loop starts.
  Result<void> listen();
  std::uint16_t local_port() const;

  /// Stops accepting, closes idle connections, lets running exchanges finish. Thread-safe; `done` is called on the loop when
  /// the last one has ended. Call abort_all() when patience ends.
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
