#include "net/server_connection.h"

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace kairos::net {

namespace {

std::string address_of(Stream::Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error || (endpoint.protocol().family() != AF_INET && endpoint.protocol().family() != AF_INET6)) return "local";
  boost::asio::ip::tcp::endpoint ip;
  memcpy(ip.data(), endpoint.data(), endpoint.size());
  return ip.address().to_string();
}

} // namespace

/// The exchange that runs on a connection is the connection itself: there is only one at a time.
class ServerConnection final : public Exchange {
public:
  ServerConnection(ServerShared& shared, Stream::Socket socket)
      : shared_(shared), stream_(std::move(socket)), address_(address_of(stream_.socket())),
        watchdog_(shared.loop, [this] { on_time_up(); }) {
    shared_.connections.insert(this);
    ++shared_.open;
  }
  ~ServerConnection() override {
    shared_.connections.erase(this);
    if (--shared_.open == 0 && shared_.drained) std::exchange(shared_.drained, nullptr)();
  }

  Task<void> run(boost::asio::ssl::context* tls);
  void close_if_idle() {
    if (!busy_) stream_.close();
  }
  void close() { stream_.close(); }

  const Head& head() const override { return parser_->head(); }
  std::string_view remote_address() const override { return address_; }
  Loop& loop() override { return shared_.loop; }
  Task<Result<std::string_view>> read_body() override;
  Task<bool> respond(int status, const ResponseHeaders& headers, std::string_view body) override;
  Task<bool> start_stream(int status, const ResponseHeaders& headers) override;
  Task<bool> write(std::string_view bytes) override;
  Task<bool> finish() override;
  void abort() override {
    stream_.close();
    keep_alive_ = false;
  }
  bool answer_started() const override { return answer_ != Answer::kNone; }
  bool client_gone() const override { return stream_.closed(); }
  void on_client_gone(std::function<void()> f) override { stream_.on_close(std::move(f)); }

private:
  enum class Answer : std::uint8_t { kNone, kStream, kDone };

  Task<bool> read_head();
  Task<void> serve_one();
  Task<void> refuse(HeadError error);
  Task<void> refuse_late();
  Task<bool> timed_write(std::string_view first, std::string_view second);
  std::string head_text(int status, const ResponseHeaders& headers, std::optional<size_t> length);
  bool body_forbidden(int status) const { return status == 204 || status == 304 || head().method() == "HEAD"; }
  void on_time_up() {
    timed_out_ = true;
    if (writing_) return stream_.close();
    stream_.interrupt();
  }
  Task<void> linger();

  ServerShared& shared_;
  Stream stream_;
  const std::string address_;
  Watchdog watchdog_;
  std::optional<MessageParser> parser_;
  std::optional<HeadError> body_error_;
  Answer answer_ = Answer::kNone;
  bool chunked_answer_ = false;
  bool keep_alive_ = true;
  bool busy_ = false;
  bool timed_out_ = false;
  bool writing_ = false;
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
  while (keep_alive_ && !stream_.closed() && !(shared_.draining && stream_.input().empty())) {
    parser_.emplace(MessageParser::Kind::kRequest, shared_.options.limits.head, shared_.options.limits.body_bytes);
    if (!co_await read_head()) break;
    busy_ = true;
    co_await serve_one();
    busy_ = false;
  }
  if (!stream_.closed() && parser_ && !parser_->done() && !timed_out_) co_await linger();
  watchdog_.clear();
}

// The idle time runs until the first byte of a request, the head time from there.
Task<bool> ServerConnection::read_head() {
  const ServerLimits& limits = shared_.options.limits;
  bool begun = false;
  watchdog_.expire_after(limits.idle_time);
  while (!parser_->head_done()) {
    if (stream_.input().empty() && !co_await stream_.more()) {
      if (begun && timed_out_) co_await refuse_late();
      co_return false;
    }
    if (!std::exchange(begun, true)) watchdog_.expire_after(limits.head_time);
    const auto used = parser_->feed(stream_.input());
    if (!used) {
      co_await refuse(used.error());
      co_return false;
    }
    stream_.consume(*used);
    if (*used == 0 && !parser_->head_done() && !co_await stream_.more()) {
      if (timed_out_) co_await refuse_late();
      co_return false;
    }
  }
  watchdog_.clear();
  co_return true;
}

Task<void> ServerConnection::serve_one() {
  answer_ = Answer::kNone;
  body_error_.reset();
  keep_alive_ = parser_->keep_alive() && !shared_.draining;
  co_await shared_.handler(*this);
  stream_.on_close(nullptr);
  if (stream_.closed()) co_return;
  if (answer_ == Answer::kNone) {
    const HeadError unanswered{500, "the request was not answered"};
    co_await refuse(unanswered);
  }
  if (answer_ == Answer::kStream) abort(); // never pretend that a stream was complete
  if (!parser_->done()) keep_alive_ = false; // an unread body: not worth reading only to keep the connection
}

Task<Result<std::string_view>> ServerConnection::read_body() {
  const ServerLimits& limits = shared_.options.limits;
  if (parser_->content_length().value_or(0) > limits.body_bytes) {
    keep_alive_ = false;
    co_return fail(Code::kTooLarge, fmt::format("the body has {} bytes, more than the limit of {}", *parser_->content_length(), limits.body_bytes));
  }
  if (!parser_->done() && parser_->expects_continue() && stream_.input().empty()) {
    if (!co_await timed_write("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return fail(Code::kCancelled, "the client left");
  }
  watchdog_.expire_after(limits.body_time);
  while (!parser_->done()) {
    if (stream_.input().empty() && !co_await stream_.more()) {
      keep_alive_ = false;
      if (timed_out_) co_return fail(Code::kTimeout, "the body did not arrive in time");
      co_return fail(Code::kCancelled, "the client left before its body was complete");
    }
    const auto used = parser_->feed(stream_.input());
    if (!used) {
      keep_alive_ = false;
      co_return fail(used.error().status == 413 ? Code::kTooLarge : Code::kInvalid, used.error().message);
    }
    stream_.consume(*used);
    if (*used == 0 && !parser_->done() && !co_await stream_.more()) {
      keep_alive_ = false;
      co_return fail(Code::kCancelled, "the client left before its body was complete");
    }
  }
  watchdog_.clear();
  stream_.watch();
  co_return std::string_view(parser_->body());
}

Task<bool> ServerConnection::timed_write(std::string_view first, std::string_view second) {
  watchdog_.expire_after(shared_.options.limits.write_time);
  writing_ = true;
  const bool written = co_await stream_.write(first, second);
  writing_ = false;
  watchdog_.clear();
  if (!written) stream_.close();
  co_return written;
}

std::string ServerConnection::head_text(int status, const ResponseHeaders& headers, std::optional<size_t> length) {
  std::string text;
  text.reserve(256);
  fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  for (const Header& header : headers) text.append(header.name).append(": ").append(header.value).append("\r\n");
  if (length) fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", *length);
  if (chunked_answer_) text.append("Transfer-Encoding: chunked\r\n");
  if (shared_.draining || !parser_->done()) keep_alive_ = false;
  if (!keep_alive_) text.append("Connection: close\r\n");
  if (keep_alive_ && !parser_->head().http_1_1()) text.append("Connection: keep-alive\r\n");
  return text.append("\r\n");
}

Task<bool> ServerConnection::respond(int status, const ResponseHeaders& headers, std::string_view body) {
  answer_ = Answer::kDone;
  chunked_answer_ = false;
  const bool silent = body_forbidden(status);
  const std::optional<size_t> length = silent && status != 200 ? std::nullopt : std::optional<size_t>(body.size());
  const std::string text = head_text(status, headers, length);
  const std::string_view sent = silent ? std::string_view{} : body;
  co_return co_await timed_write(text, sent);
}

Task<bool> ServerConnection::start_stream(int status, const ResponseHeaders& headers) {
  answer_ = Answer::kStream;
  chunked_answer_ = parser_->head().http_1_1();
  if (!chunked_answer_) keep_alive_ = false; // HTTP/1.0: the end of the connection ends the answer
  const std::string text = head_text(status, headers, std::nullopt);
  co_return co_await timed_write(text, {});
}

Task<bool> ServerConnection::write(std::string_view bytes) {
  if (bytes.empty()) co_return !stream_.closed();
  if (!chunked_answer_) co_return co_await timed_write(bytes, {});
  std::string chunk = fmt::format("{:x}\r\n", bytes.size());
  chunk.append(bytes).append("\r\n");
  co_return co_await timed_write(chunk, {});
}

Task<bool> ServerConnection::finish() {
  answer_ = Answer::kDone;
  if (!chunked_answer_) co_return !stream_.closed();
  co_return co_await timed_write("0\r\n\r\n", {});
}

Task<void> ServerConnection::refuse(HeadError error) {
  keep_alive_ = false;
  chunked_answer_ = false;
  answer_ = Answer::kDone;
  HttpBody body{"text/plain; charset=utf-8", error.message + "\n"};
  if (shared_.options.error_body) body = shared_.options.error_body(error.status, error.message);
  const ResponseHeaders headers = {{"Content-Type", body.content_type}};
  const std::string text = head_text(error.status, headers, body.body.size());
  co_await timed_write(text, body.body);
}

Task<void> ServerConnection::refuse_late() {
  const HeadError late{408, "the request head did not arrive in time"};
  co_await refuse(late);
}

// Closing with unread bytes makes the kernel reset the connection, and the client may never see our answer: read on for a
// moment, and throw it away.
Task<void> ServerConnection::linger() {
  watchdog_.expire_after(std::chrono::seconds(2));
  stream_.shutdown_send();
  do {
    stream_.consume(stream_.input().size());
  } while (co_await stream_.more());
}

Task<void> serve_connection(std::shared_ptr<ServerShared> shared, Stream::Socket socket, boost::asio::ssl::context* tls) {
  ServerConnection connection(*shared, std::move(socket));
  co_await connection.run(tls);
}

} // namespace kairos::net
