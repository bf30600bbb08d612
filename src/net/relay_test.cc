// Server and client together: TLS, proxies, and relaying as the gateway does it.
#include <gtest/gtest.h>

#include <thread>

#include "net/client.h"
#include "net/server.h"
#include "net/testing/certificates.h"
#include "net/testing/client_fixture.h"
#include "net/testing/fake_upstream.h"
#include "net/testing/test_client.h"

namespace kairos::net {
namespace {

using testing::ClientTest;
using testing::FakeExchange;
using testing::FakeUpstream;
using testing::Outcome;

TEST_F(ClientTest, VerifiesCertificates) {
  const testing::Certificates certificates;
  Server::Options server_options;
  server_options.certificate_file = certificates.certificate_file;
  server_options.private_key_file = certificates.private_key_file;
  Server server(loop, server_options, [](Exchange& exchange) -> Task<void> {
    auto body = co_await exchange.read_body();
    const std::string answer(300'000, 'x');
    co_await exchange.respond(200, kNoHeaders, answer);
  });
  ASSERT_TRUE(server.listen());
  const std::string port = ":" + std::to_string(server.local_port());
  Origin origin = parse_url("https://localhost" + port)->origin;
  EXPECT_EQ(run(fetch(origin)).failure, NetFailure::kTls); // an authority that nobody named
  origin.ca_file = certificates.authority_file;
  const Outcome trusted = run(fetch(origin, std::string(500'000, 'q')));
  EXPECT_EQ(trusted.body.size(), 300'000u) << trusted.message;
  EXPECT_TRUE(run(fetch(origin)).reused);
  Origin by_address = parse_url("https://127.0.0.1" + port)->origin;
  by_address.ca_file = certificates.authority_file;
  EXPECT_EQ(run(fetch(by_address)).status, 200);
  Origin wrong_name = parse_url("https://127.0.0.2" + port)->origin;
  wrong_name.ca_file = certificates.authority_file;
  EXPECT_TRUE(run(fetch(wrong_name)).failure);
  Origin plain = parse_url("http://localhost" + port)->origin;
  EXPECT_EQ(run(fetch(plain)).failure, NetFailure::kReset);
}

TEST_F(ClientTest, GoesThroughProxies) {
  const testing::Certificates certificates;
  Server::Options server_options;
  server_options.certificate_file = certificates.certificate_file;
  server_options.private_key_file = certificates.private_key_file;
  Server server(loop, server_options,
                [](Exchange& exchange) -> Task<void> { co_await exchange.respond(200, kNoHeaders, "through"); });
  ASSERT_TRUE(server.listen());
  std::string connect_head, plain_head;
  FakeUpstream proxy([&](FakeExchange& exchange) {
    if (!exchange.head.starts_with("CONNECT")) {
      plain_head = exchange.head;
      return exchange.respond(200, "plain");
    }
    connect_head = exchange.head;
    exchange.raw("HTTP/1.1 200 Connection established\r\n\r\n");
    auto target = testing::BlockingSocket::connect(server.local_port());
    std::jthread back([&] {
      while (target.receive()) {
        exchange.raw(target.input());
        target.input().clear();
      }
    });
    while (exchange.socket.receive()) {
      target.send(exchange.socket.input());
      exchange.socket.input().clear();
    }
    target.shutdown_send();
  });
  const std::string proxy_url = "http://user:pw@127.0.0.1:" + std::to_string(proxy.port());
  const ProxySettings settings{proxy_url, proxy_url, ""};
  Origin origin = parse_url("https://localhost:" + std::to_string(server.local_port()))->origin;
  origin.ca_file = certificates.authority_file;
  ASSERT_TRUE(apply_proxy(settings, origin));
  const Outcome tunnelled = run(fetch(origin));
  EXPECT_EQ(tunnelled.body, "through") << tunnelled.message;
  EXPECT_TRUE(run(fetch(origin)).reused);
  EXPECT_TRUE(connect_head.starts_with("CONNECT localhost:")) << connect_head;
  EXPECT_NE(connect_head.find("Proxy-Authorization: Basic dXNlcjpwdw=="), std::string::npos);
  Origin plain = parse_url("http://upstream.invalid")->origin;
  ASSERT_TRUE(apply_proxy(settings, plain));
  EXPECT_EQ(run(fetch(plain)).body, "plain");
  EXPECT_TRUE(plain_head.starts_with("POST http://upstream.invalid/v1/x HTTP/1.1\r\nHost: upstream.invalid\r\n"))
      << plain_head;
}

TEST_F(ClientTest, AProxyThatRefusesIsNamed) {
  FakeUpstream proxy([](FakeExchange& exchange) { exchange.respond(407, "", "Proxy-Authenticate: Basic\r\n"); });
  Origin origin = parse_url("https://localhost:1")->origin;
  ASSERT_TRUE(apply_proxy({"", proxy.url(), ""}, origin));
  const Outcome outcome = run(fetch(origin));
  EXPECT_EQ(outcome.failure, NetFailure::kConnect);
  EXPECT_NE(outcome.message.find("407"), std::string::npos) << outcome.message;
}

/// A proxy of our own between a client and an upstream: what the gateway does with these pieces.
class RelayTest : public ClientTest {
public:
  void start_relay(std::uint16_t upstream_port) {
    upstream_ = parse_url("http://127.0.0.1:" + std::to_string(upstream_port))->origin;
    relay = std::make_unique<Server>(loop, Server::Options{}, [this](Exchange& exchange) { return handle(exchange); });
    ASSERT_TRUE(relay->listen());
  }
  Task<void> handle(Exchange& exchange) {
    auto body = co_await exchange.read_body();
    Call call(client(), upstream_, timeouts);
    exchange.on_client_gone([&call] { call.cancel(); });
    ClientRequest request;
    request.target = exchange.head().target();
    if (body) request.body = *body;
    auto sent = co_await call.send(request);
    if (!sent) {
      ended_with = name(sent.error().failure);
      co_await exchange.respond(502, kNoHeaders, sent.error().message);
      co_return;
    }
    co_await exchange.start_stream(call.head().status(), kNoHeaders);
    while (true) {
      auto piece = co_await call.read_some();
      if (!piece) ended_with = name(piece.error().failure);
      if (!piece) co_return;
      if (piece->empty()) break;
      if (!co_await exchange.write(*piece)) co_return;
    }
    co_await exchange.finish();
  }

  std::unique_ptr<Server> relay;
  std::string ended_with;

private:
  Origin upstream_;
};

TEST_F(RelayTest, AClientThatLeavesCancelsTheUpstream) {
  std::promise<bool> closed;
  std::promise<void> asked;
  FakeUpstream upstream([&](FakeExchange& exchange) {
    exchange.begin_chunked();
    exchange.chunk("first");
    asked.set_value();
    closed.set_value(exchange.stall());
  });
  start_relay(upstream.port());
  {
    testing::TestClient asking(relay->local_port());
    asking.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    asked.get_future().wait();
    while (asking.socket.input().find("first") == std::string::npos) ASSERT_TRUE(asking.socket.receive());
  }
  EXPECT_TRUE(closed.get_future().get());
  loop.stop();
  EXPECT_EQ(ended_with, "cancelled");
}

TEST_F(RelayTest, CarriesAThousandStreamsAtOnce) {
  constexpr int kStreams = 1000;
  std::vector<std::unique_ptr<Event>> events;
  // All streams are open at the same time: the upstream ends none of them before all have begun.
  Server upstream(loop, Server::Options{}, [&](Exchange& exchange) -> Task<void> {
    co_await exchange.start_stream(200, kNoHeaders, "begun,");
    events.push_back(std::make_unique<Event>());
    Event& mine = *events.back();
    if (events.size() == kStreams) {
      for (auto& event : events) {
        Event* each = event.get();
        loop.post([each] { each->notify(); });
      }
    }
    co_await mine.wait();
    co_await exchange.finish(exchange.head().target());
  });
  ASSERT_TRUE(upstream.listen());
  start_relay(upstream.local_port());
  std::vector<testing::TestClient> clients;
  for (int i = 0; i < kStreams; ++i) {
    clients.emplace_back(relay->local_port());
    ASSERT_TRUE(clients.back().send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  for (int i = 0; i < kStreams; ++i) {
    const auto answer = clients[static_cast<size_t>(i)].read_answer();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, "begun,/" + std::to_string(i));
  }
  clients.clear();
  loop.stop();
}

} // namespace
} // namespace kairos::net
