#include "net/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kairos::net {

namespace {
constexpr size_t kSpareParsers = 64; // kept per loop, because they keep the memory of the last answer's head
constexpr Duration kLongest = std::chrono::hours(24 * 365);
} // namespace

std::string_view name(NetFailure failure) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "connect", "tls",       "connect_timeout", "first_byte_timeout", "idle_timeout", "total_timeout",
      "reset",   "truncated", "bad_answer",      "cancelled",          "pool_full"};
  return kNames[static_cast<size_t>(failure)];
}

Call::Impl::Impl(Client& client_in, Origin origin_in, CallTimeouts timeouts_in)
    : client(client_in.impl_), origin(std::move(origin_in)), pool(client->pools[origin.key()]), timeouts(timeouts_in),
      watchdog(client->loop, [this] { on_time_up(); }),
      parser(client->spare_parsers.empty()
                 ? MessageParser(MessageParser::Kind::kResponse, client->options.head, UINT64_MAX)
                 : std::move(client->spare_parsers.back())) {
  if (!client->spare_parsers.empty()) client->spare_parsers.pop_back();
  client->calls.insert(this);
}

Call::Impl::~Impl() {
  client->calls.erase(this);
  drop_connection();
  if (client->spare_parsers.size() < kSpareParsers) client->spare_parsers.push_back(std::move(parser));
}

void Call::Impl::stage(Duration limit, NetFailure failure) {
  const Duration left = total_deadline - coarse_now();
  stage_failure = left < limit ? NetFailure::kTotalTimeout : failure;
  watchdog.expire_after(std::min({left, limit, kLongest}));
}

void Call::Impl::on_time_up() {
  boost::system::error_code ignored;
  if (connecting != nullptr && more_addresses && stage_failure != NetFailure::kTotalTimeout) {
    connecting->close(ignored);
    return;
  }
  give_up(stage_failure);
}

void Call::Impl::give_up(NetFailure failure) {
  if (!gave_up) gave_up = failure;
  boost::system::error_code ignored;
  if (connecting != nullptr) connecting->close(ignored);
  if (waits_for_turn) return turn->notify();
  if (!connection) return;
  connection->stream.close();
  connection->stream.interrupt();
}

std::unexpected<CallError> Call::Impl::failed(NetFailure failure, std::string_view what) const {
  const NetFailure real = gave_up.value_or(failure);
  const std::string where = origin.authority();
  const auto error = [&](std::string_view text) {
    return std::unexpected(CallError{real, fmt::format("{}: {}", where, text)});
  };
  if (!gave_up) return error(what);
  switch (real) {
  case NetFailure::kCancelled:
    return error("cancelled");
  case NetFailure::kConnectTimeout:
    return error("no connection in time");
  case NetFailure::kFirstByteTimeout:
    return error("no answer began in time");
  case NetFailure::kIdleTimeout:
    return error("its answer began and then stood still for too long");
  case NetFailure::kTotalTimeout:
    return error("the whole call took longer than it may");
  case NetFailure::kPoolFull:
    return error("no connection became free in time");
  default:
    return error(what);
  }
}

void Call::Impl::drop_connection() {
  connection.reset();
  if (std::exchange(holds_slot, false)) client->release_slot(pool);
}

std::string Call::Impl::head_text(const ClientRequest& request) const {
  std::string text;
  text.reserve(512);
  const std::string authority = origin.authority();
  text.append(request.method).append(" ");
  const bool through_proxy = !origin.proxy_host.empty() && !origin.tls;
  if (through_proxy) text.append("http://").append(authority);
  text.append(request.target).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
  if (through_proxy && !origin.proxy_authorization.empty()) {
    text.append("Proxy-Authorization: ").append(origin.proxy_authorization).append("\r\n");
  }
  for (const Header& header : request.headers) {
    text.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!request.body.empty() || request.method == "POST") {
    text.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  text.append("\r\n");
  return text;
}

/// Feeds the parser with what is there, or with the next bytes to arrive; false at the end or on nonsense.
Task<bool> Call::Impl::feed_more() {
  Stream& stream = connection->stream;
  while (true) {
    const auto used = parser.feed(stream.input());
    if (!used) {
      bad_answer = used.error().message;
      co_return false;
    }
    stream.consume(*used);
    if (*used > 0 || parser.done()) co_return true;
    if (!co_await stream.more()) break;
    answer_begun = true;
  }
  if (!stream.closed() && !gave_up) bad_answer = "a line of it is too long";
  co_return false;
}

Task<CallResult<void>> Call::Impl::read_head() {
  bool final_head = false; // 100 Continue and the like come before it
  while (!final_head) {
    parser.restart();
    if (head_request) parser.expect_no_body();
    while (!parser.head_done()) {
      const bool fed = co_await feed_more();
      if (!fed) co_return no_head();
    }
    final_head = parser.head().status() / 100 != 1;
  }
  stage(kLongest, NetFailure::kTotalTimeout);
  co_return CallResult<void>();
}

CallResult<void> Call::Impl::no_head() const {
  if (!bad_answer.empty()) return failed(NetFailure::kBadAnswer, "its answer is " + bad_answer);
  if (answer_begun) return failed(NetFailure::kReset, "it closed the connection in the middle of the answer's head");
  if (!written) return failed(NetFailure::kReset, "it closed the connection while the request was being sent");
  return failed(NetFailure::kReset, "it closed the connection without an answer");
}

Task<CallResult<void>> Call::Impl::exchange(const ClientRequest& request) {
  begun = true;
  head_request = request.method == "HEAD";
  answer_begun = false;
  stage(timeouts.first_byte, NetFailure::kFirstByteTimeout);
  const std::string text = head_text(request);
  // The pending read saves an early refusal ("413") from the reset that may follow it: even if the write fails, the
  // answer decides.
  connection->stream.watch();
  written = co_await connection->stream.write(text, request.body);
  if (written && request.on_sent) request.on_sent();
  answer_begun = !connection->stream.input().empty();
  stage(timeouts.first_byte, NetFailure::kFirstByteTimeout);
  co_return co_await read_head();
}

void Call::Impl::finish_body() {
  watchdog.clear();
  Stream& stream = connection->stream;
  const bool clean = written && parser.keep_alive() && !stream.closed() && stream.input().empty();
  if (!clean) return drop_connection();
  holds_slot = false;
  client->put_back(pool, std::move(connection));
}

Call::Call(Client& client, Origin origin, CallTimeouts timeouts)
    : impl_(std::make_unique<Impl>(client, std::move(origin), timeouts)) {}
Call::~Call() = default;

Task<CallResult<void>> Call::send(const ClientRequest& request) {
  Impl& me = *impl_;
  if (me.gave_up) co_return me.failed(*me.gave_up, "");
  me.total_deadline = coarse_now() + std::min(me.timeouts.total, kLongest);
  auto ready = co_await me.open_connection();
  if (!ready) co_return ready;
  auto done = co_await me.exchange(request);
  if (!done && done.error().failure == NetFailure::kReset && me.reused && !me.answer_begun) {
    me.retried = true;
    me.connection.reset(); // the slot is kept
    ready = co_await me.connect();
    if (!ready) co_return ready;
    done = co_await me.exchange(request);
  }
  co_return done;
}

const Head& Call::head() const { return impl_->parser.head(); }

Task<CallResult<std::string_view>> Call::read_some() {
  Impl& me = *impl_;
  me.piece.clear();
  me.piece.swap(me.parser.body());
  if (me.gave_up) co_return me.failed(*me.gave_up, "");
  const bool must_wait = me.piece.empty() && !me.parser.done();
  if (must_wait) me.stage(me.timeouts.idle, NetFailure::kIdleTimeout);
  while (me.piece.empty() && !me.parser.done()) {
    if (!me.connection) co_return me.failed(NetFailure::kTruncated, "the answer was given up before its end");
    if (!co_await me.feed_more()) {
      if (!me.bad_answer.empty()) co_return me.failed(NetFailure::kBadAnswer, "its answer is " + me.bad_answer);
      const bool ended = !me.gave_up && me.connection->stream.ended_cleanly() && me.parser.feed_end();
      if (!ended) co_return me.failed(NetFailure::kTruncated, "it closed the connection in the middle of its answer");
    }
    me.piece.swap(me.parser.body());
  }
  if (must_wait) me.stage(kLongest, NetFailure::kTotalTimeout); // what the caller does next is not the upstream's time
  if (me.piece.empty() && me.connection) me.finish_body();
  co_return std::string_view(me.piece);
}

Task<CallResult<std::string>> Call::read_all(size_t limit) {
  std::string whole;
  while (true) {
    auto piece = co_await read_some();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return whole;
    if (whole.size() + piece->size() > limit) {
      co_return impl_->failed(NetFailure::kBadAnswer, fmt::format("its answer is larger than {} bytes", limit));
    }
    if (whole.empty()) {
      whole.swap(impl_->piece); // mostly all of it
    } else {
      whole.append(*piece);
    }
  }
}

void Call::cancel() { impl_->give_up(NetFailure::kCancelled); }
bool Call::sent() const { return impl_->begun; }
bool Call::reused() const { return impl_->reused; }
bool Call::retried() const { return impl_->retried; }

} // namespace kairos::net
