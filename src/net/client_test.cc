#include "net/client.h"

#include <arpa/inet.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "net/server.h"
#include "net/testing/certificates.h"
#include "net/testing/fake_upstream.h"
#include "net/testing/test_client.h"

namespace kairos::net {
namespace {

using namespace std::chrono_literals;
using testing::FakeExchange;
using testing::FakeUpstream;

/// What a call came to.
struct Outcome {
  std::optional<NetFailure> failure;
  std::string message;
  int status = 0;
  std::string body;
  bool reused = false;
  bool retried = false;
};

class ClientTest : public ::testing::Test {
protected:
  void SetUp() override { loop.start(); }
  void TearDown() override { loop.stop(); }

  Client& client() {
    if (!client_) client_ = std::make_unique<Client>(loop, options);
    return *client_;
  }

  /// Runs a coroutine on the loop and waits for what it returns.
  template <class T>
  T run(Task<T> task) {
    return start(std::move(task)).get();
  }
  template <class T>
  std::future<T> start(Task<T> task) {
    auto promise = std::make_shared<std::promise<T>>();
    auto result = promise->get_future();
    auto deliver = [](Task<T> inner, std::shared_ptr<std::promise<T>> to) -> Task<void> {
      T value = co_await std::move(inner);
      to->set_value(std::move(value));
    };
    boost::asio::co_spawn(loop.context(), deliver(std::move(task), promise), boost::asio::detached);
    return result;
  }

  Task<Outcome> fetch(Origin origin, std::string body = "question") {
    Outcome outcome;
    Call call(client(), origin, timeouts);
    ClientRequest request;
    request.target = "/v1/x";
    request.body = body;
    request.headers.push_back({"X-Test", "yes"});
    auto sent = co_await call.send(request);
    if (sent) {
      outcome.status = call.head().status();
      while (true) {
        auto piece = co_await call.read_some();
        if (!piece) sent = std::unexpected(piece.error());
        if (!piece || piece->empty()) break;
        outcome.body.append(*piece);
      }
    }
    if (!sent) outcome.failure = sent.error().failure;
    if (!sent) outcome.message = sent.error().message;
    outcome.reused = call.reused();
    outcome.retried = call.retried();
    co_return outcome;
  }
  Outcome get(const std::string& url) { return run(fetch(parse_url(url)->origin)); }
  /// What the loop posts to itself has been done.
  void settle() {
    std::promise<void> done;
    loop.post([&] { loop.post([&] { done.set_value(); }); });
    done.get_future().wait();
  }
  size_t open_connections() {
    std::promise<size_t> count;
    loop.post([&] { count.set_value(client().open_connections()); });
    return count.get_future().get();
  }

  Loop loop{"test"};
  ClientOptions options;
  CallTimeouts timeouts;

private:
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, SendsARequestAndKeepsTheConnection) {
  std::string head;
  FakeUpstream upstream([&](FakeExchange& exchange) {
    head = exchange.head;
    exchange.respond(201, "answer to " + exchange.body);
  });
  for (int i = 0; i < 3; ++i) {
    const Outcome outcome = get(upstream.url());
    EXPECT_EQ(outcome.status, 201);
    EXPECT_EQ(outcome.body, "answer to question");
    EXPECT_EQ(outcome.reused, i > 0);
  }
  EXPECT_EQ(upstream.connections(), 1);
  EXPECT_EQ(head, "POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(upstream.port()) +
                      "\r\nX-Test: yes\r\nContent-Length: 8");
}

TEST_F(ClientTest, TakesBodiesOfEveryFraming) {
  FakeUpstream upstream([](FakeExchange& exchange) {
    if (exchange.number == 0) {
      exchange.raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
      exchange.begin_chunked();
      for (int i = 0; i < 100; ++i) exchange.chunk(std::to_string(i));
      exchange.end_chunks();
    } else if (exchange.number == 1) {
      exchange.raw("HTTP/1.1 204 No Content\r\n\r\n");
    } else {
      exchange.raw("HTTP/1.1 200 OK\r\n\r\nuntil the end");
      exchange.close();
    }
  });
  EXPECT_EQ(get(upstream.url()).body.size(), 190u);
  EXPECT_EQ(get(upstream.url()).status, 204);
  const Outcome last = get(upstream.url());
  EXPECT_TRUE(last.reused);
  EXPECT_EQ(last.body, "until the end");
  EXPECT_EQ(open_connections(), 0u);
}

TEST_F(ClientTest, TellsATruncatedBodyFromACompleteOne) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    FakeUpstream upstream([&](FakeExchange& exchange) {
      exchange.raw(answer);
      exchange.close();
    });
    const Outcome outcome = get(upstream.url());
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.body, "abc");
    EXPECT_EQ(outcome.failure, NetFailure::kTruncated) << outcome.message;
  }
}

TEST_F(ClientTest, AResetEndsEvenABodyWithoutLengthAsTruncated) {
  std::promise<void> read;
  FakeUpstream upstream([&](FakeExchange& exchange) {
    exchange.raw("HTTP/1.1 200 OK\r\n\r\nabc");
    read.get_future().wait();
    exchange.reset();
  });
  auto reading = [&](Client& from, Origin origin, CallTimeouts limits) -> Task<std::string> {
    Call call(from, origin, limits);
    ClientRequest request;
    auto sent = co_await call.send(request);
    auto piece = co_await call.read_some();
    const std::string got = piece ? std::string(*piece) : "";
    read.set_value();
    auto second = co_await call.read_some();
    co_return got + (second ? " complete" : " " + std::string(name(second.error().failure)));
  };
  EXPECT_EQ(run(reading(client(), parse_url(upstream.url())->origin, timeouts)), "abc truncated");
}

TEST_F(ClientTest, RetriesOnceWhenAReusedConnectionDiesBeforeTheAnswer) {
  FakeUpstream upstream([](FakeExchange& exchange) {
    if (exchange.number == 1) return exchange.reset(); // the second request on a connection
    exchange.respond(200, "fine");
  });
  EXPECT_FALSE(get(upstream.url()).retried);
  const Outcome second = get(upstream.url());
  EXPECT_EQ(second.body, "fine") << second.message;
  EXPECT_TRUE(second.retried);
  EXPECT_EQ(upstream.connections(), 2);
}

TEST_F(ClientTest, DoesNotRetryAFreshConnectionNorAfterTheFirstByte) {
  FakeUpstream fresh([](FakeExchange& exchange) { exchange.reset(); });
  const Outcome outcome = get(fresh.url());
  EXPECT_EQ(outcome.failure, NetFailure::kReset);
  EXPECT_FALSE(outcome.retried);
  EXPECT_EQ(fresh.requests(), 1);

  FakeUpstream begun([](FakeExchange& exchange) {
    if (exchange.number == 0) return exchange.respond(200, "fine");
    exchange.raw("HTTP/1.1 20");
    exchange.close();
  });
  EXPECT_EQ(get(begun.url()).status, 200);
  const Outcome cut = get(begun.url());
  EXPECT_EQ(cut.failure, NetFailure::kReset);
  EXPECT_FALSE(cut.retried);
  EXPECT_EQ(begun.requests(), 2);
}

TEST_F(ClientTest, ForgetsIdleConnectionsThatTheOtherSideCloses) {
  FakeUpstream upstream([](FakeExchange& exchange) {
    exchange.respond(200, "bye");
    exchange.close();
  });
  EXPECT_EQ(get(upstream.url()).status, 200);
  while (open_connections() > 0) std::this_thread::yield();
  const Outcome second = get(upstream.url());
  EXPECT_EQ(second.body, "bye");
  EXPECT_FALSE(second.reused);
}

TEST_F(ClientTest, DoesNotTakeUnaskedBytesForAnAnswer) {
  FakeUpstream upstream([&](FakeExchange& exchange) {
    exchange.respond(200, "mine");
    exchange.raw("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned");
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(upstream.url()).body, "mine");
}

TEST_F(ClientTest, NamesWhichTimeoutItWas) {
  timeouts.first_byte = 80ms;
  timeouts.idle = 50ms;
  FakeUpstream silent([](FakeExchange& exchange) { exchange.stall(); });
  EXPECT_EQ(get(silent.url()).failure, NetFailure::kFirstByteTimeout);
  FakeUpstream stuck([](FakeExchange& exchange) {
    exchange.begin_chunked();
    exchange.chunk("abc");
    exchange.stall();
  });
  const Outcome idle = get(stuck.url());
  EXPECT_EQ(idle.failure, NetFailure::kIdleTimeout);
  EXPECT_EQ(idle.body, "abc");
  timeouts.total = 40ms;
  EXPECT_EQ(get(silent.url()).failure, NetFailure::kTotalTimeout);
  EXPECT_EQ(get(stuck.url()).failure, NetFailure::kTotalTimeout);
}

TEST_F(ClientTest, SaysWhyThereIsNoConnection) {
  std::string url;
  {
    FakeUpstream gone([](FakeExchange&) {});
    url = gone.url();
  }
  const Outcome refused = get(url);
  EXPECT_EQ(refused.failure, NetFailure::kConnect);
  EXPECT_NE(refused.message.find("refused"), std::string::npos) << refused.message;
  EXPECT_EQ(get("http://host.invalid").failure, NetFailure::kConnect);
}

TEST_F(ClientTest, RefusesAnswersThatAreNotHttpOrTooLarge) {
  options.head.head_bytes = 1000;
  FakeUpstream nonsense([](FakeExchange& exchange) { exchange.raw("SSH-2.0-OpenSSH\r\n\r\n"); });
  EXPECT_EQ(get(nonsense.url()).failure, NetFailure::kBadAnswer);
  FakeUpstream wide(
      [](FakeExchange& exchange) { exchange.respond(200, "x", "X: " + std::string(2000, 'x') + "\r\n"); });
  EXPECT_EQ(get(wide.url()).failure, NetFailure::kBadAnswer);
  FakeUpstream twice([](FakeExchange& exchange) {
    exchange.raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
  });
  EXPECT_EQ(get(twice.url()).failure, NetFailure::kBadAnswer);
}

TEST_F(ClientTest, AnEarlyRefusalIsReadThoughTheRequestIsNotTaken) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::jthread refuser([&] {
    testing::BlockingSocket socket(::accept(listener, nullptr, nullptr));
    socket.receive();
    socket.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    while (socket.receive()) socket.input().clear();
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const Outcome outcome = run(fetch(parse_url(url)->origin, std::string(20'000'000, 'x')));
  EXPECT_EQ(outcome.status, 413);
  EXPECT_EQ(outcome.body, "no");
  ::close(listener);
}

TEST_F(ClientTest, WaitsForRoomInThePoolAndInheritsTheConnection) {
  options.connections_per_origin = 2;
  FakeUpstream upstream([](FakeExchange& exchange) { exchange.respond(200, "x"); });
  std::vector<std::future<Outcome>> outcomes;
  client();
  for (int i = 0; i < 50; ++i) outcomes.push_back(start(fetch(parse_url(upstream.url())->origin)));
  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get().status, 200);
  EXPECT_LE(upstream.connections(), 2);
}

TEST_F(ClientTest, AFullPoolIsAFailureOfItsOwn) {
  options.connections_per_origin = 1;
  options.waiting_per_origin = 1;
  timeouts.connect = 60ms;
  FakeUpstream upstream([](FakeExchange& exchange) { exchange.stall(); });
  client();
  const Origin origin = parse_url(upstream.url())->origin;
  timeouts.first_byte = 500ms;
  auto first = start(fetch(origin));
  while (upstream.requests() == 0) std::this_thread::yield();
  auto second = start(fetch(origin));
  settle();
  EXPECT_EQ(run(fetch(origin)).failure, NetFailure::kPoolFull); // at once: too many wait
  EXPECT_EQ(second.get().failure, NetFailure::kPoolFull);       // after its connect time
  EXPECT_EQ(first.get().failure, NetFailure::kFirstByteTimeout);
  EXPECT_EQ(open_connections(), 0u);
}

TEST_F(ClientTest, CancelEndsAWaitAndTheUpstreamSeesTheClose) {
  std::promise<bool> closed;
  std::atomic<bool> asked{false};
  FakeUpstream upstream([&](FakeExchange& exchange) {
    asked = true;
    closed.set_value(exchange.stall());
  });
  Call* running = nullptr;
  auto calling = [&](Client& from, Origin origin, CallTimeouts limits) -> Task<NetFailure> {
    Call call(from, origin, limits);
    running = &call;
    ClientRequest request;
    auto sent = co_await call.send(request);
    co_return sent ? NetFailure::kConnect : sent.error().failure;
  };
  auto outcome = start(calling(client(), parse_url(upstream.url())->origin, timeouts));
  while (!asked) std::this_thread::yield();
  loop.post([&] { running->cancel(); });
  EXPECT_EQ(outcome.get(), NetFailure::kCancelled);
  EXPECT_TRUE(closed.get_future().get());
}

TEST_F(ClientTest, VerifiesCertificates) {
  const testing::Certificates certificates;
  Server::Options server_options;
  server_options.certificate_file = certificates.certificate_file;
  server_options.private_key_file = certificates.private_key_file;
  Server server(loop, server_options, [](Exchange& exchange) -> Task<void> {
    auto body = co_await exchange.read_body();
    const std::string answer(300'000, 'x');
    co_await exchange.respond(200, {}, answer);
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
                [](Exchange& exchange) -> Task<void> { co_await exchange.respond(200, {}, "through"); });
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
protected:
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
      co_await exchange.respond(502, {}, sent.error().message);
      co_return;
    }
    co_await exchange.start_stream(call.head().status(), {});
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
    co_await exchange.start_stream(200, {}, "begun,");
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
