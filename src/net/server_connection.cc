#include "net/server_connection.h"

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <cstring>

namespace kairos::net {

namespace {

std::string address_of(Stream::Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error || (endpoint.protocol().family() != AF_INET && endpoint.protocol().family() != AF_INET6)) return "local";
  boost::asio::ip::tcp::endpoint ip;
  std::memcpy(ip.data(), endpoint.data(), endpoint.size());
  return ip.address().to_string();
}

} // namespace

/// The exchange that runs on a connection is the connection itself: there is only one at a time.
class ServerConnection final : public Exchange {
public:
  ServerConnection(ServerShared& shared, Stream::Socket socket)
      : shared_(shared), stream_(std::move(socket)), address_(address_of(stream_.socket())),
        watchdog_(shared.loop, [this] { on_time_up(); }),
        parser_(MessageParser::Kind::kRequest, shared.options.limits.head, shared.options.limits.body_bytes) {
    stream_.guard_writes(&watchdog_, shared.options.limits.write_time);
    shared_.connections.insert(this);
    ++shared_.open;
  }
  ~ServerConnection() override {
    shared_.connections.erase(this);
    if (--shared_.open == 0 && shared_.drained) std::exchange(shared_.drained, nullptr)();
  }

  Task<void> run(boost::asio::ssl::context* tls);
  void close_if_idle() {
    if (!busy_ && stream_.input().empty()) stream_.close();
  }
  void close() { stream_.close(); }

  const Head& head() const override { return parser_.head(); }
  std::string_view remote_address() const override { return address_; }
  Loop& loop() override { return shared_.loop; }
  Task<Result<std::string_view>> read_body() override;
  Task<bool> respond(int status, const ResponseHeaders& headers, std::string_view body) override;
  Task<bool> start_stream(int status, const ResponseHeaders& headers, std::string_view first_bytes) override;
  Task<bool> write(std::string_view bytes) override;
  Task<bool> finish(std::string_view last_bytes) override;
  void abort() override {
    stream_.close();
    keep_alive_ = false;
  }
  bool answer_started() const override { return answer_ != Answer::kNone; }
  bool client_gone() const override { return stream_.closed(); }
  void on_client_gone(std::function<void()> f) override {
    if (stream_.closed()) return f();
    stream_.on_close(std::move(f));
  }

private:
  enum class Answer : std::uint8_t { kNone, kStream, kDone };

  Task<bool> read_head();
  Task<void> serve_one();
  Task<Result<void>> read_rest();
  Task<void> refuse(HeadError error);
  Task<void> refuse_late();
  Task<bool> send(std::string_view first, std::string_view second = {}, std::string_view third = {});
  std::string_view build_head(int status, const ResponseHeaders& headers, std::optional<size_t> length);
  bool body_forbidden(int status) const { return status == 204 || status == 304 || head().method() == "HEAD"; }
  void on_time_up() {
    timed_out_ = true;
    if (stream_.write_waits()) return stream_.close();
    stream_.interrupt();
  }
  Task<void> linger();

  ServerShared& shared_;
  Stream stream_;
  const std::string address_;
  Watchdog watchdog_;
  MessageParser parser_;
  std::string out_; // the answer's head, or a chunk's size line
  Answer answer_ = Answer::kNone;
  bool chunked_answer_ = false;
  bool silent_answer_ = false;
  bool keep_alive_ = true;
  bool busy_ = false;
  bool refused_ = false;   // the parser is spent
  bool too_large_ = false; // by the length that it tells; nothing of the body is taken in
  bool timed_out_ = false;
};

void ServerShared::close_idle() {
  const auto all = connections; // closing changes the set
  for (ServerConnection* connection : all) connection->close_if_idle();
}
void ServerShared::close_all() {
  const auto all = connections;
  for (ServerConnection* connection : all) connection->close();
}

Task<void> ServerConnection::run(boost::asio::ssl::context* tls) {
  if (tls != nullptr) {
    watchdog_.expire_after(shared_.options.limits.head_time);
    if (!co_await stream_.handshake_server(*tls)) co_return;
  }
  // What was pipelined is answered even if the client has ended its sending, and while draining.
  const auto goes_on = [this] {
    return keep_alive_ && !((stream_.closed() || shared_.draining) && stream_.input().empty());
  };
  while (goes_on()) {
    if (parser_.head_done()) parser_.restart();
    if (!co_await read_head()) break;
    busy_ = true;
    co_await serve_one();
    busy_ = false;
  }
  if (!stream_.closed() && !timed_out_ && (refused_ || !parser_.done())) co_await linger();
  if (!stream_.closed()) stream_.shutdown_send();
  watchdog_.clear();
}

// The idle time runs until the first byte of a request, the head time from there.
Task<bool> ServerConnection::read_head() {
  const ServerLimits& limits = shared_.options.limits;
  watchdog_.expire_after(limits.idle_time);
  if (stream_.input().empty() && !co_await stream_.more()) co_return false;
  watchdog_.expire_after(limits.head_time);
  while (true) {
    const auto used = parser_.feed(stream_.input());
    if (!used) {
      refused_ = true;
      too_large_ = used.error().status == 413; // the head is whole, so that the handler may say whose request it is
      if (too_large_) break;
      co_await refuse(used.error());
      co_return false;
    }
    stream_.consume(*used);
    if (parser_.head_done()) break;
    if (!co_await stream_.more()) {
      if (timed_out_) co_await refuse_late();
      co_return false;
    }
  }
  watchdog_.clear();
  co_return true;
}

Task<void> ServerConnection::serve_one() {
  answer_ = Answer::kNone;
  silent_answer_ = false;
  keep_alive_ = !too_large_ && parser_.keep_alive() && !shared_.draining;
  if (parser_.done()) stream_.watch();
  co_await shared_.handler(*this);
  stream_.on_close(nullptr);
  if (answer_ == Answer::kNone && !stream_.closed()) {
    const HeadError unanswered{500, "the request was not answered"};
    co_await refuse(unanswered);
  }
  if (answer_ == Answer::kStream) abort();              // never pretend that a stream was complete
  if (refused_ || !parser_.done()) keep_alive_ = false; // an unread body: not worth reading only to keep the connection
}

Task<Result<std::string_view>> ServerConnection::read_body() {
  if (too_large_) co_return fail(Code::kTooLarge, "the body is larger than the limit");
  if (!parser_.done()) {
    auto read = co_await read_rest();
    watchdog_.clear();
    if (!read) {
      refused_ = true;
      keep_alive_ = false;
      co_return std::unexpected(read.error());
    }
    stream_.watch();
  }
  co_return std::string_view(parser_.body());
}

Task<Result<void>> ServerConnection::read_rest() {
  const auto left = [] { return fail(Code::kCancelled, "the client left before its request's body was complete"); };
  if (parser_.expects_continue() && stream_.input().empty() && parser_.body().empty()) {
    if (!co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return left();
  }
  watchdog_.expire_after(shared_.options.limits.body_time);
  while (true) {
    const auto used = parser_.feed(stream_.input());
    if (!used) co_return fail(used.error().status == 413 ? Code::kTooLarge : Code::kInvalid, used.error().message);
    stream_.consume(*used);
    if (parser_.done()) co_return Result<void>();
    if (co_await stream_.more()) continue;
    if (timed_out_) co_return fail(Code::kTimeout, "the request's body did not arrive in time");
    if (stream_.closed()) co_return left();
    co_return fail(Code::kInvalid, "a chunk's header in the request's body is too long");
  }
}

Task<bool> ServerConnection::send(std::string_view first, std::string_view second, std::string_view third) {
  const bool written = co_await stream_.write(first, second, third);
  if (!written) {
    keep_alive_ = false;
    stream_.close();
  }
  co_return written;
}

std::string_view ServerConnection::build_head(int status, const ResponseHeaders& headers,
                                              std::optional<size_t> length) {
  const bool rest_unread = refused_ || !parser_.done();
  if (shared_.draining || rest_unread) keep_alive_ = false;
  out_.clear();
  const auto to = std::back_inserter(out_);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  for (const Header& header : headers) out_.append(header.name).append(": ").append(header.value).append("\r\n");
  if (length) fmt::format_to(to, "Content-Length: {}\r\n", *length);
  if (chunked_answer_) out_.append("Transfer-Encoding: chunked\r\n");
  if (!keep_alive_) out_.append("Connection: close\r\n");
  if (keep_alive_ && !head().http_1_1()) out_.append("Connection: keep-alive\r\n");
  return out_.append("\r\n");
}

Task<bool> ServerConnection::respond(int status, const ResponseHeaders& headers, std::string_view body) {
  answer_ = Answer::kDone;
  chunked_answer_ = false;
  const bool lengthless = status == 204 || status == 304;
  const auto head_text = build_head(status, headers, lengthless ? std::nullopt : std::optional(body.size()));
  if (body_forbidden(status)) body = {};
  co_return co_await send(head_text, body);
}

Task<bool> ServerConnection::start_stream(int status, const ResponseHeaders& headers, std::string_view first_bytes) {
  answer_ = Answer::kStream;
  silent_answer_ = body_forbidden(status);
  chunked_answer_ = head().http_1_1() && !silent_answer_;
  if (!head().http_1_1()) keep_alive_ = false; // HTTP/1.0: the end of the connection ends the answer
  build_head(status, headers, std::nullopt);
  if (silent_answer_ || first_bytes.empty()) co_return co_await send(out_);
  if (!chunked_answer_) co_return co_await send(out_, first_bytes);
  fmt::format_to(std::back_inserter(out_), "{:x}\r\n", first_bytes.size());
  co_return co_await send(out_, first_bytes, "\r\n");
}

Task<bool> ServerConnection::write(std::string_view bytes) {
  if (bytes.empty() || silent_answer_) co_return !stream_.closed();
  if (!chunked_answer_) co_return co_await send(bytes);
  out_.clear();
  fmt::format_to(std::back_inserter(out_), "{:x}\r\n", bytes.size());
  co_return co_await send(out_, bytes, "\r\n");
}

Task<bool> ServerConnection::finish(std::string_view last_bytes) {
  answer_ = Answer::kDone;
  if (silent_answer_) co_return !stream_.closed();
  if (!chunked_answer_) co_return co_await send(last_bytes);
  if (last_bytes.empty()) co_return co_await send("0\r\n\r\n");
  out_.clear();
  fmt::format_to(std::back_inserter(out_), "{:x}\r\n", last_bytes.size());
  co_return co_await send(out_, last_bytes, "\r\n0\r\n\r\n");
}

Task<void> ServerConnection::refuse(HeadError error) {
  keep_alive_ = false;
  chunked_answer_ = false;
  answer_ = Answer::kDone;
  HttpBody body{"text/plain; charset=utf-8", error.message + "\n"};
  if (shared_.options.error_body) body = shared_.options.error_body(error.status, error.message);
  const ResponseHeaders headers = {{"Content-Type", body.content_type}};
  const auto head_text = build_head(error.status, headers, body.body.size());
  co_await send(head_text, body.body);
}

Task<void> ServerConnection::refuse_late() {
  const HeadError late{408, "the request head did not arrive in time"};
  co_await refuse(late);
}

// Closing with unread bytes makes the kernel reset the connection, and the client may never see our answer: read on for
// a moment, and throw it away.
Task<void> ServerConnection::linger() {
  watchdog_.expire_after(std::chrono::seconds(2));
  stream_.shutdown_send();
  bool arrives = true; // gcc 12 miscompiles co_await in the condition of do … while
  while (arrives) {
    stream_.consume(stream_.input().size());
    arrives = co_await stream_.more();
  }
}

Task<void> serve_connection(std::shared_ptr<ServerShared> shared, Stream::Socket socket,
                            boost::asio::ssl::context* tls) {
  ServerConnection connection(*shared, std::move(socket));
  co_await connection.run(tls);
}

} // namespace kairos::net
