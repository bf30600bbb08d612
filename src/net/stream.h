// Stream: one TCP (or unix) connection, with or without TLS, and a reader that is always one read ahead: a read stays
// pending while the owner does something else, so the other side's close is noticed at once and pipelined bytes are kept.
// Internal to net. One loop; at most one coroutine reads and one writes at a time.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/async.h"

namespace kairos::net {

class Stream {
public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  explicit Stream(Socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Makes it TLS from here on. False: the handshake failed; why() says how.
  Task<bool> handshake_server(boost::asio::ssl::context& context);
  Task<bool> handshake_client(boost::asio::ssl::context& context, std::string host);

  /// Bytes received and not yet consumed.
  std::string_view input() const { return std::string_view(input_).substr(consumed_, filled_ - consumed_); }
  void consume(size_t bytes);
  /// Waits until input() has grown; false at the end (closed() is then true), after interrupt(), or with a full buffer.
  Task<bool> more();
  /// Makes more() return false now and from now on; writing still works (to say why).
  void interrupt();
  /// Keeps a read pending from now on (as far as the buffer has room), so that closed() and `on_close` work.
  void watch();
  bool closed() const { return closed_; }
  /// Called once, on the loop, when the other side closes or the connection breaks while nobody waits in more().
  void on_close(std::function<void()> f) { on_close_ = std::move(f); }

  /// Writes all of it. False: the connection is broken.
  Task<bool> write(std::string_view first, std::string_view second = {});
  /// Closes now; pending operations end.
  void close();
  /// No more bytes from us; what is in flight still arrives.
  void shutdown_send();

  const std::string& why() const { return why_; }
  Socket& socket() { return socket_; }

private:
  void start_read();
  void on_read(const boost::system::error_code& error, size_t bytes);

  Socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls_;
  std::string input_;
  size_t consumed_ = 0;
  size_t filled_ = 0;
  bool reading_ = false;
  bool closed_ = false;
  bool waiting_ = false;
  bool interrupted_ = false;
  Event arrived_;
  std::function<void()> on_close_;
  std::string why_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace kairos::net
