// An upstream for tests: listens on a port of 127.0.0.1 that was free, and answers as a function says. The function
// runs once per request, on a thread of the connection, and may misbehave in any way. All threads have ended with the
// object.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "net/testing/blocking_socket.h"

namespace kairos::net::testing {

/// One request and the means to answer it.
class FakeExchange {
public:
  FakeExchange(BlockingSocket& socket_in, std::string head_in, std::string body_in, int number_in)
      : head(std::move(head_in)), body(std::move(body_in)), number(number_in), socket(socket_in) {}

  const std::string head; // "POST /v1/… HTTP/1.1\r\nHost: …", without the empty line
  const std::string body;
  const int number; // 0 for the first request on this connection
  BlockingSocket& socket;

  /// A complete answer. `more_head` are whole lines, each with its \r\n.
  void respond(int status, std::string_view answer, std::string_view more_head = "");
  void begin_chunked(int status = 200, std::string_view more_head = "");
  void chunk(std::string_view bytes);
  void end_chunks() { socket.send("0\r\n\r\n"); }
  void raw(std::string_view bytes) { socket.send(bytes); }
  /// Waits until the other side closes (ten seconds at most). True if it did.
  bool stall();
  void reset() { socket.reset(); }
  void close() { socket.close(); }
};

class FakeUpstream {
public:
  using Script = std::function<void(FakeExchange&)>;

  explicit FakeUpstream(Script script);
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;
  FakeUpstream& operator=(const FakeUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  int requests() const { return requests_; }

private:
  void accept_all();
  void serve(BlockingSocket& socket);

  const Script script_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::list<int> open_; // guarded by mutex_
  std::list<std::jthread> threads_;
  std::thread acceptor_;
};

} // namespace kairos::net::testing
