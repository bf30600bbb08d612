// Stream: one TCP (or unix) connection, with or without TLS, and a reader that is always one read ahead: a read stays
// pending while the owner does something else, so the other side's close is noticed at once and pipelined bytes are
// kept. Internal to net. One loop; at most one coroutine reads and one writes at a time.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/async.h"
#include "net/loop.h"

namespace kairos::net {

class Stream {
public:
  // The loop's own executor type: a type-erased one costs an indirection per operation.
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;

  explicit Stream(Socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Makes it TLS from here on. False: the handshake failed; why() says how.
  Task<bool> handshake_server(boost::asio::ssl::context& context);
  Task<bool> handshake_client(boost::asio::ssl::context& context, std::string host);

  /// Bytes received and not yet consumed.
  std::string_view input() const { return std::string_view(state_->buffer).substr(consumed_, filled_ - consumed_); }
  void consume(size_t bytes);
  /// Waits until input() has grown; false at the end (closed() is then true), after interrupt(), or with a full buffer.
  Task<bool> more();
  /// Makes more() return false now and from now on; writing still works (to say why).
  void interrupt();
  /// Keeps a read pending from now on (as far as the buffer has room), so that closed() and `on_close` work.
  void watch();
  bool closed() const { return closed_; }
  /// The other side ended its sending in order; with TLS: said so (otherwise somebody may have cut the connection).
  bool ended_cleanly() const { return clean_end_; }
  /// Called once, on the loop, when the other side closes or the connection breaks while nobody waits in more().
  void on_close(std::function<void()> f) { on_close_ = std::move(f); }

  /// `dog` is set to `limit` whenever a write has to wait for the other side, and cleared when it went on.
  void guard_writes(Watchdog* dog, Duration limit);
  /// True while a write waits for the other side to take bytes.
  bool write_waits() const { return write_waits_; }
  /// Writes all of it. False: the connection is broken.
  Task<bool> write(std::string_view first, std::string_view second = {}, std::string_view third = {});
  /// Closes now; pending operations end.
  void close();
  /// No more bytes from us; what is in flight still arrives.
  void shutdown_send();

  const std::string& why() const { return why_; }
  Socket& socket() { return state_->socket; }

private:
  using Parts = std::array<boost::asio::const_buffer, 3>;
  /// What pending operations use. They may end after the Stream, so they share it.
  struct State {
    State(Socket socket_in, Stream* owner_in) : socket(std::move(socket_in)), owner(owner_in) {}
    Socket socket;
    std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls;
    std::string buffer;
    Stream* owner;
  };

  void start_read();
  void on_read(const boost::system::error_code& error, size_t bytes);
  Task<bool> write_waiting(Parts& parts);
  void failed(const boost::system::error_code& error);

  const std::shared_ptr<State> state_;
  size_t consumed_ = 0;
  size_t filled_ = 0;
  size_t read_ahead_;
  bool reading_ = false;
  bool watching_ = false;
  bool closed_ = false;
  bool clean_end_ = false;
  bool waiting_ = false;
  bool interrupted_ = false;
  bool write_waits_ = false;
  bool send_ended_ = false;
  Watchdog* write_dog_ = nullptr;
  Duration write_limit_{};
  Event arrived_;
  std::function<void()> on_close_;
  std::string why_;
};

} // namespace kairos::net
