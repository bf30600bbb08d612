#include "net/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace kairos::net {

namespace asio = boost::asio;
using asio::as_tuple;
using asio::use_awaitable;

namespace {
constexpr size_t kReadAhead = 16 * 1024;  // the most that one read takes
constexpr size_t kMaxUnread = 96 * 1024;  // then the other side waits; above the largest head that is accepted
}

Stream::Stream(Socket socket) : socket_(std::move(socket)) {}

Stream::~Stream() {
  *alive_ = false;
  close();
}

Task<bool> Stream::handshake_server(asio::ssl::context& context) {
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, context);
  auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_tuple(use_awaitable));
  if (error) why_ = error.message();
  co_return !error;
}

Task<bool> Stream::handshake_client(asio::ssl::context& context, std::string host) {
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, context);
  SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
  tls_->set_verify_mode(asio::ssl::verify_peer);
  tls_->set_verify_callback(asio::ssl::host_name_verification(host));
  auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_tuple(use_awaitable));
  if (error) why_ = error.message();
  co_return !error;
}

void Stream::consume(size_t bytes) {
  consumed_ += bytes;
  if (consumed_ < filled_ || reading_) return; // while a read is pending its buffer must not move
  consumed_ = filled_ = 0;
}

void Stream::start_read() {
  if (reading_ || closed_) return;
  if (consumed_ > 0) {
    input_.erase(0, consumed_);
    filled_ -= consumed_;
    consumed_ = 0;
  }
  if (filled_ >= kMaxUnread) return;
  if (input_.size() < filled_ + kReadAhead) input_.resize(filled_ + kReadAhead);
  reading_ = true;
  const auto room = asio::buffer(input_.data() + filled_, input_.size() - filled_);
  auto done = [this, alive = alive_](const boost::system::error_code& error, size_t bytes) {
    if (*alive) on_read(error, bytes);
  };
  if (tls_) {
    tls_->async_read_some(room, std::move(done));
  } else {
    socket_.async_read_some(room, std::move(done));
  }
}

void Stream::on_read(const boost::system::error_code& error, size_t bytes) {
  reading_ = false;
  filled_ += bytes;
  if (error) {
    closed_ = true;
    if (why_.empty() && error != asio::error::eof) why_ = error.message();
  }
  if (waiting_) return arrived_.notify();
  if (closed_ && on_close_) {
    const auto callback = std::exchange(on_close_, nullptr);
    callback();
  }
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

void Stream::watch() { start_read(); }

Task<bool> Stream::write(std::string_view first, std::string_view second) {
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())};
  if (tls_) {
    std::string joined; // one TLS record where possible
    if (!second.empty()) joined.append(first).append(second);
    const auto whole = joined.empty() ? parts[0] : asio::buffer(joined);
    auto [error, bytes] = co_await asio::async_write(*tls_, whole, as_tuple(use_awaitable));
    if (error) why_ = error.message();
    co_return !error;
  }
  auto [error, bytes] = co_await asio::async_write(socket_, parts, as_tuple(use_awaitable));
  if (error) why_ = error.message();
  co_return !error;
}

void Stream::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  closed_ = true;
}

void Stream::shutdown_send() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

} // namespace kairos::net
