#include "net/client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "net/pool.h"

namespace kairos::net {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string_view name(NetFailure failure) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "connect", "tls",        "connect_timeout", "first_byte_timeout", "idle_timeout", "total_timeout",
      "reset",   "truncated",  "bad_answer",      "cancelled",          "pool_full"};
  return kNames[static_cast<size_t>(failure)];
}

std::string Origin::key() const {
  return fmt::format("{}|{}|{}|{}|{}|{}", tls, host, port, ca_file, proxy_host, proxy_port);
}

std::string Origin::authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? shown : fmt::format("{}:{}", shown, port);
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kInvalid, fmt::format("'{}' is not a usable URL: {}; write it like https://api.example.com/v1", text.substr(0, 200), why));
  };
  if (rest.starts_with("https://")) {
    url.origin.tls = true;
  } else if (!rest.starts_with("http://")) {
    return refuse("it begins with neither http:// nor https://");
  }
  rest.remove_prefix(url.origin.tls ? 8 : 7);
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) return refuse("it holds a user name");
  url.path = rest.substr(slash);
  if (url.path.find_first_of("?# \r\n") != std::string::npos) return refuse("it holds a query, a fragment or white space");
  while (url.path.ends_with('/')) url.path.pop_back();
  url.origin.port = url.origin.tls ? 443 : 80;
  const size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.origin.port);
    if (error != std::errc() || end != digits.data() + digits.size() || url.origin.port == 0) return refuse("its port is not a number from 1 to 65535");
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty() || authority.find_first_of(" \t\r\n") != std::string_view::npos) return refuse("it names no host");
  url.origin.host = authority;
  return url;
}

struct Call::Impl {
  Impl(Client& client, Origin origin_in, CallTimeouts timeouts_in)
      : pool(client.impl_), origin(std::move(origin_in)), key(origin.key()), timeouts(timeouts_in), watchdog(pool->loop, [this] { give_up(stage_failure); }) {}
  ~Impl() { drop_connection(); }

  Task<CallResult<void>> open_connection();
  Task<CallResult<void>> connect();
  Task<CallResult<void>> tunnel();
  Task<CallResult<void>> exchange(const ClientRequest& request);
  Task<CallResult<void>> read_head();
  Task<bool> feed_more();
  std::string head_text(const ClientRequest& request) const;
  void stage(Duration limit, NetFailure failure);
  void give_up(NetFailure failure);
  void drop_connection();
  void finish_body();
  std::unexpected<CallError> failed(NetFailure failure, std::string_view what) const;

  const std::shared_ptr<Client::Impl> pool;
  const Origin origin;
  const std::string key;
  const CallTimeouts timeouts;
  Watchdog watchdog;
  MonoTime total_deadline = MonoTime::max();
  NetFailure stage_failure = NetFailure::kTotalTimeout;
  std::optional<NetFailure> gave_up;
  std::unique_ptr<PooledConnection> connection;
  tcp::socket* connecting = nullptr;
  Event slot_turn;
  bool waiting_for_slot = false;
  bool holds_slot = false;
  bool retried = false;
  bool reused = false;
  bool head_request = false;
  std::optional<MessageParser> parser;
  std::string piece;
};

void Call::Impl::stage(Duration limit, NetFailure failure) {
  const Duration left = total_deadline - std::chrono::steady_clock::now();
  stage_failure = left < limit ? NetFailure::kTotalTimeout : failure;
  watchdog.expire_after(std::min(left, limit));
}

void Call::Impl::give_up(NetFailure failure) {
  if (!gave_up) gave_up = failure;
  boost::system::error_code ignored;
  if (connecting != nullptr) connecting->close(ignored);
  if (connection) {
    connection->stream.interrupt();
    connection->stream.close();
  }
  pool->resolver.cancel();
  if (waiting_for_slot) slot_turn.notify();
}

std::unexpected<CallError> Call::Impl::failed(NetFailure failure, std::string_view what) const {
  const NetFailure real = gave_up.value_or(failure);
  const std::string where = origin.authority();
  switch (real) {
  case NetFailure::kCancelled: return std::unexpected(CallError{real, "cancelled"});
  case NetFailure::kConnectTimeout: return std::unexpected(CallError{real, fmt::format("{} did not accept a connection in time", where)});
  case NetFailure::kFirstByteTimeout: return std::unexpected(CallError{real, fmt::format("{} did not begin to answer in time", where)});
  case NetFailure::kIdleTimeout: return std::unexpected(CallError{real, fmt::format("{} stopped in the middle of its answer", where)});
  case NetFailure::kTotalTimeout: return std::unexpected(CallError{real, fmt::format("{} took longer than the whole call may", where)});
  default: return std::unexpected(CallError{real, fmt::format("{}: {}", where, what)});
  }
}

void Call::Impl::drop_connection() {
  connection.reset();
  if (std::exchange(holds_slot, false)) pool->release_slot(key);
}

Task<CallResult<void>> Call::Impl::open_connection() {
  stage(timeouts.connect, NetFailure::kConnectTimeout);
  connection = pool->take_idle(key);
  if (connection) {
    holds_slot = true;
    reused = true;
    co_return CallResult<void>();
  }
  waiting_for_slot = true;
  const bool room = co_await pool->reserve_slot(key, slot_turn);
  waiting_for_slot = false;
  if (!room) co_return failed(NetFailure::kPoolFull, "all connections to it are in use");
  holds_slot = true;
  if (gave_up) co_return failed(*gave_up, "");
  co_return co_await connect();
}

Task<CallResult<void>> Call::Impl::connect() {
  reused = false;
  const bool proxied = !origin.proxy_host.empty();
  auto endpoints = co_await pool->resolve(proxied ? origin.proxy_host : origin.host, proxied ? origin.proxy_port : origin.port);
  if (!endpoints) co_return failed(endpoints.error().failure, endpoints.error().message);
  tcp::socket socket(pool->loop.context());
  connecting = &socket;
  auto [error, endpoint] = co_await asio::async_connect(socket, *endpoints, asio::as_tuple(asio::use_awaitable));
  connecting = nullptr;
  if (error || gave_up) co_return failed(NetFailure::kConnect, error.message());
  socket.set_option(tcp::no_delay(true));
  auto ended = [weak = std::weak_ptr(pool), pool_key = key](PooledConnection* idle) {
    if (const auto alive = weak.lock()) alive->loop.post([alive, pool_key, idle] { alive->drop_idle(pool_key, idle); });
  };
  connection = std::make_unique<PooledConnection>(pool->loop, Stream::Socket(std::move(socket)), std::move(ended));
  if (proxied && origin.tls) {
    auto opened = co_await tunnel();
    if (!opened) co_return opened;
  }
  if (!origin.tls) co_return CallResult<void>();
  const auto context = pool->tls_context(origin.ca_file);
  if (!context) co_return std::unexpected(context.error());
  if (!co_await connection->stream.handshake_client(**context, origin.host)) {
    co_return failed(NetFailure::kTls, "TLS handshake: " + connection->stream.why());
  }
  co_return CallResult<void>();
}

Task<CallResult<void>> Call::Impl::tunnel() {
  const std::string target = fmt::format("{}:{}", origin.host, origin.port);
  const std::string text = fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\n\r\n", target, target);
  if (!co_await connection->stream.write(text)) co_return failed(NetFailure::kConnect, "the proxy closed the connection");
  parser.emplace(MessageParser::Kind::kResponse, pool->options.head, 0);
  parser->expect_no_body();
  while (!parser->head_done()) {
    if (!co_await feed_more()) co_return failed(NetFailure::kConnect, "the proxy did not open a tunnel");
  }
  const int status = parser->head().status();
  parser.reset();
  if (status / 100 != 2) co_return failed(NetFailure::kConnect, fmt::format("the proxy refused the tunnel with {}", status));
  co_return CallResult<void>();
}

std::string Call::Impl::head_text(const ClientRequest& request) const {
  std::string text;
  text.reserve(512);
  const bool absolute = !origin.proxy_host.empty() && !origin.tls;
  text.append(request.method).append(" ");
  if (absolute) text.append("http://").append(origin.authority());
  text.append(request.target).append(" HTTP/1.1\r\nHost: ").append(origin.authority()).append("\r\n");
  for (const Header& header : request.headers) text.append(header.name).append(": ").append(header.value).append("\r\n");
  if (!request.body.empty() || request.method == "POST") fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", request.body.size());
  return text.append("\r\n");
}

/// Feeds the parser with what is there, or with the next bytes to arrive; false at the end or on nonsense.
Task<bool> Call::Impl::feed_more() {
  Stream& stream = connection->stream;
  if (stream.input().empty() && !co_await stream.more()) co_return false;
  while (true) {
    const auto used = parser->feed(stream.input());
    if (!used) {
      gave_up = gave_up ? gave_up : std::optional(NetFailure::kBadAnswer);
      co_return false;
    }
    stream.consume(*used);
    if (*used > 0 || parser->done()) co_return true;
    if (!co_await stream.more()) co_return false;
  }
}

Task<CallResult<void>> Call::Impl::read_head() {
  bool any = false;
  stage(timeouts.first_byte, NetFailure::kFirstByteTimeout);
  do {
    parser.emplace(MessageParser::Kind::kResponse, pool->options.head, UINT64_MAX);
    if (head_request) parser->expect_no_body();
    while (!parser->head_done()) {
      any = any || !connection->stream.input().empty();
      if (!co_await feed_more()) {
        co_return failed(NetFailure::kReset, any ? "closed in the middle of the answer's head" : "closed without an answer");
      }
    }
  } while (parser->head().status() / 100 == 1); // 100 Continue and the like
  co_return CallResult<void>();
}

Task<CallResult<void>> Call::Impl::exchange(const ClientRequest& request) {
  head_request = request.method == "HEAD";
  const std::string text = head_text(request);
  // A write may fail although the answer is there already (an early refusal): the answer decides.
  const bool written = co_await connection->stream.write(text, request.body);
  auto head = co_await read_head();
  if (!head && !written && !gave_up) co_return failed(NetFailure::kReset, "closed while the request was being sent");
  co_return head;
}

void Call::Impl::finish_body() {
  watchdog.clear();
  Stream& stream = connection->stream;
  const bool clean = parser->keep_alive() && !stream.closed() && stream.input().empty();
  if (!clean) return drop_connection();
  holds_slot = false;
  pool->put_back(key, std::move(connection));
}

Call::Call(Client& client, Origin origin, CallTimeouts timeouts) : impl_(std::make_unique<Impl>(client, std::move(origin), timeouts)) {}
Call::~Call() = default;

Task<CallResult<void>> Call::send(const ClientRequest& request) {
  Impl& me = *impl_;
  me.total_deadline = std::chrono::steady_clock::now() + me.timeouts.total;
  auto ready = co_await me.open_connection();
  if (!ready) co_return ready;
  auto done = co_await me.exchange(request);
  if (!done && done.error().failure == NetFailure::kReset && me.reused && (!me.parser || !me.parser->head_done())) {
    me.retried = true;
    me.connection.reset(); // the slot is kept
    me.stage(me.timeouts.connect, NetFailure::kConnectTimeout);
    ready = co_await me.connect();
    if (!ready) co_return ready;
    done = co_await me.exchange(request);
  }
  co_return done;
}

const Head& Call::head() const { return impl_->parser->head(); }

Task<CallResult<std::string_view>> Call::read_some() {
  Impl& me = *impl_;
  me.piece.clear();
  me.piece.swap(me.parser->body());
  me.stage(me.timeouts.idle, NetFailure::kIdleTimeout);
  while (me.piece.empty() && !me.parser->done()) {
    if (!co_await me.feed_more()) {
      if (me.gave_up || !me.parser->feed_end() || !me.parser->done()) co_return me.failed(NetFailure::kTruncated, "closed in the middle of its answer");
      break; // an answer that is delimited by the end of the connection
    }
    me.piece.swap(me.parser->body());
  }
  if (me.piece.empty() && me.connection) me.finish_body();
  co_return std::string_view(me.piece);
}

Task<CallResult<std::string>> Call::read_all(size_t limit) {
  std::string whole;
  while (true) {
    auto piece = co_await read_some();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return whole;
    if (whole.size() + piece->size() > limit) co_return impl_->failed(NetFailure::kBadAnswer, fmt::format("the answer is larger than {} bytes", limit));
    whole.append(*piece);
  }
}

void Call::cancel() { impl_->give_up(NetFailure::kCancelled); }
bool Call::reused() const { return impl_->reused; }
bool Call::retried() const { return impl_->retried; }

} // namespace kairos::net
