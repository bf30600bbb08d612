#include "net/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include <algorithm>

namespace kairos::net {

namespace asio = boost::asio;
using asio::as_tuple;
using asio::use_awaitable;

namespace {
constexpr size_t kFirstReadAhead = 4 * 1024; // an idle connection holds no more
constexpr size_t kMaxReadAhead = 64 * 1024;  // the most that one read takes
constexpr size_t kMaxUnread = 96 * 1024;     // then the other side waits

void drop_sent(std::array<asio::const_buffer, 3>& parts, size_t bytes) {
  for (asio::const_buffer& part : parts) {
    const size_t step = std::min(bytes, part.size());
    part += step;
    bytes -= step;
  }
}
} // namespace

Stream::Stream(Socket socket) : state_(std::make_shared<State>(std::move(socket), this)), read_ahead_(kFirstReadAhead) {
  boost::system::error_code ignored;
  state_->socket.non_blocking(true, ignored); // so that a write can be tried before it is waited for
}

Stream::~Stream() {
  state_->owner = nullptr;
  close();
}

Task<bool> Stream::handshake_server(asio::ssl::context& context) {
  state_->tls = std::make_unique<asio::ssl::stream<Socket&>>(state_->socket, context);
  auto [error] = co_await state_->tls->async_handshake(asio::ssl::stream_base::server, as_tuple(use_awaitable));
  if (error) failed(error);
  co_return !error;
}

Task<bool> Stream::handshake_client(asio::ssl::context& context, std::string host) {
  state_->tls = std::make_unique<asio::ssl::stream<Socket&>>(state_->socket, context);
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  if (error) SSL_set_tlsext_host_name(state_->tls->native_handle(), host.c_str()); // an address is no server name
  state_->tls->set_verify_mode(asio::ssl::verify_peer);
  state_->tls->set_verify_callback(asio::ssl::host_name_verification(host));
  auto [failure] = co_await state_->tls->async_handshake(asio::ssl::stream_base::client, as_tuple(use_awaitable));
  if (failure) failed(failure);
  co_return !failure;
}

void Stream::failed(const boost::system::error_code& error) {
  if (why_.empty()) why_ = error.message();
}

void Stream::consume(size_t bytes) {
  consumed_ += bytes;
  if (consumed_ < filled_ || reading_) return; // while a read is pending its buffer must not move
  consumed_ = filled_ = 0;
}

void Stream::start_read() {
  if (reading_ || closed_) return;
  std::string& buffer = state_->buffer;
  if (consumed_ > 0) {
    buffer.erase(0, consumed_);
    filled_ -= consumed_;
    consumed_ = 0;
  }
  if (filled_ >= kMaxUnread) return;
  if (buffer.size() < filled_ + read_ahead_) buffer.resize(filled_ + read_ahead_);
  reading_ = true;
  const auto room = asio::buffer(buffer.data() + filled_, buffer.size() - filled_);
  auto done = [state = state_](const boost::system::error_code& error, size_t bytes) {
    if (state->owner != nullptr) state->owner->on_read(error, bytes);
  };
  if (state_->tls) {
    state_->tls->async_read_some(room, std::move(done));
  } else {
    state_->socket.async_read_some(room, std::move(done));
  }
}

void Stream::on_read(const boost::system::error_code& error, size_t bytes) {
  reading_ = false;
  filled_ += bytes;
  if (bytes >= read_ahead_) read_ahead_ = std::min(read_ahead_ * 4, kMaxReadAhead);
  if (error) {
    closed_ = true;
    clean_end_ = error == asio::error::eof;
    if (!clean_end_) failed(error);
  }
  if (waiting_) return arrived_.notify();
  if (watching_) start_read();
  if (!closed_ || !on_close_) return;
  const auto callback = std::exchange(on_close_, nullptr);
  callback();
}

Task<bool> Stream::more() {
  const size_t had = filled_ - consumed_;
  while (!closed_ && !interrupted_ && filled_ - consumed_ <= had) {
    start_read();
    if (!reading_) co_return false; // full, and nobody consumes
    waiting_ = true;
    co_await arrived_.wait();
    waiting_ = false;
  }
  co_return filled_ - consumed_ > had;
}

void Stream::interrupt() {
  interrupted_ = true;
  if (waiting_) arrived_.notify();
}

void Stream::watch() {
  watching_ = true;
  start_read();
}

void Stream::guard_writes(Watchdog* dog, Duration limit) {
  write_dog_ = dog;
  write_limit_ = limit;
}

Task<bool> Stream::write(std::string_view first, std::string_view second, std::string_view third) {
  Parts parts = {asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size()),
                 asio::buffer(third.data(), third.size())};
  if (state_->tls) {
    std::string joined; // one TLS record where possible
    joined.reserve(first.size() + second.size() + third.size());
    joined.append(first).append(second).append(third);
    parts = {asio::buffer(joined), asio::const_buffer(), asio::const_buffer()};
    co_return co_await write_waiting(parts);
  }
  boost::system::error_code error;
  drop_sent(parts, state_->socket.write_some(parts, error)); // mostly all of it goes into the kernel's buffer at once
  if (!error && asio::buffer_size(parts) == 0) co_return true;
  if (error && error != asio::error::would_block) {
    failed(error);
    co_return false;
  }
  co_return co_await write_waiting(parts);
}

Task<bool> Stream::write_waiting(Parts& parts) {
  const auto state = state_;
  boost::system::error_code error;
  write_waits_ = true;
  while (!error && asio::buffer_size(parts) > 0) {
    if (write_dog_ != nullptr) write_dog_->expire_after(write_limit_);
    size_t sent = 0;
    if (state->tls) {
      std::tie(error, sent) = co_await state->tls->async_write_some(parts[0], as_tuple(use_awaitable));
    } else {
      std::tie(error, sent) = co_await state->socket.async_write_some(parts, as_tuple(use_awaitable));
    }
    drop_sent(parts, sent);
  }
  write_waits_ = false;
  if (write_dog_ != nullptr) write_dog_->clear();
  if (error) failed(error);
  co_return !error;
}

void Stream::close() {
  boost::system::error_code ignored;
  state_->socket.close(ignored);
  closed_ = true;
}

void Stream::shutdown_send() {
  if (std::exchange(send_ended_, true)) return;
  boost::system::error_code ignored;
  if (!state_->tls) {
    state_->socket.shutdown(asio::socket_base::shutdown_send, ignored);
  } else if (!closed_) { // the close alert is written at once; the other side's is not needed
    state_->tls->async_shutdown([state = state_](const boost::system::error_code&) {});
  }
}

} // namespace kairos::net
