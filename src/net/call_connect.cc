#include <boost/asio/as_tuple.hpp>
#include <fmt/format.h>

#include <netinet/tcp.h>

#include "net/call.h"

namespace kairos::net {

namespace asio = boost::asio;

Task<CallResult<void>> Call::Impl::open_connection() {
  stage(timeouts.connect, NetFailure::kPoolFull);
  waits_for_turn = true;
  auto got = co_await client->acquire(pool, turn);
  waits_for_turn = false;
  if (!got) co_return failed(NetFailure::kPoolFull, got.error().message);
  holds_slot = true;
  connection = std::move(*got);
  if (gave_up) co_return failed(*gave_up, "");
  reused = connection != nullptr;
  if (reused) co_return CallResult<void>();
  co_return co_await connect();
}

Task<CallResult<void>> Call::Impl::connect() {
  reused = false;
  stage(timeouts.connect, NetFailure::kConnectTimeout);
  const bool proxied = !origin.proxy_host.empty();
  const std::string& host = proxied ? origin.proxy_host : origin.host;
  const std::uint16_t port = proxied ? origin.proxy_port : origin.port;
  waits_for_turn = true;
  auto endpoints = co_await client->resolver.resolve(host, port, turn);
  waits_for_turn = false;
  if (!endpoints || gave_up) co_return failed(NetFailure::kConnect, endpoints ? "" : endpoints.error().message);
  auto connected = co_await connect_to(*endpoints);
  if (connected && proxied && origin.tls) connected = co_await tunnel();
  if (connected && origin.tls) connected = co_await start_tls();
  co_return connected;
}

// One address after the other; each but the last gets its share of the time, so that a dead one does not use it all.
Task<CallResult<void>> Call::Impl::connect_to(const Resolver::Endpoints& endpoints) {
  const MonoTime deadline = coarse_now() + timeouts.connect;
  std::string why = "it has no address";
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const Duration left = deadline - coarse_now();
    stage(left / static_cast<int>(endpoints.size() - i), NetFailure::kConnectTimeout);
    more_addresses = i + 1 < endpoints.size();
    Stream::Socket socket(client->loop.context());
    connecting = &socket;
    const asio::generic::stream_protocol::endpoint endpoint(endpoints[i]);
    auto [error] = co_await socket.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
    connecting = nullptr;
    more_addresses = false;
    if (gave_up) break;
    why = error.message();
    if (error) continue;
    const int on = 1;
    setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection = client->make_connection(pool, std::move(socket));
    stage(deadline - coarse_now(), NetFailure::kConnectTimeout);
    co_return CallResult<void>();
  }
  co_return failed(NetFailure::kConnect, "connecting: " + why);
}

Task<CallResult<void>> Call::Impl::tunnel() {
  const bool address6 = origin.host.find(':') != std::string::npos;
  const std::string target =
      fmt::format("{}{}{}:{}", address6 ? "[" : "", origin.host, address6 ? "]" : "", origin.port);
  std::string text = fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\n", target, target);
  if (!origin.proxy_authorization.empty())
    text.append("Proxy-Authorization: ").append(origin.proxy_authorization).append("\r\n");
  text.append("\r\n");
  if (!co_await connection->stream.write(text))
    co_return failed(NetFailure::kConnect, "the proxy closed the connection");
  parser.restart();
  parser.expect_no_body();
  while (!parser.head_done()) {
    if (!co_await feed_more()) co_return failed(NetFailure::kConnect, "the proxy did not open a tunnel");
  }
  const int status = parser.head().status();
  if (status / 100 != 2)
    co_return failed(NetFailure::kConnect, fmt::format("the proxy refused the tunnel with {}", status));
  if (!connection->stream.input().empty())
    co_return failed(NetFailure::kConnect, "the proxy sent bytes into the tunnel");
  co_return CallResult<void>();
}

Task<CallResult<void>> Call::Impl::start_tls() {
  const auto context = client->tls_context(origin.ca_file);
  if (!context) co_return failed(NetFailure::kTls, context.error().message);
  const bool agreed = co_await connection->stream.handshake_client(**context, origin.host);
  if (!agreed || gave_up) co_return failed(NetFailure::kTls, "TLS handshake: " + connection->stream.why());
  co_return CallResult<void>();
}

} // namespace kairos::net
