#include "net/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "net/testing/client_fixture.h"
#include "net/testing/fake_upstream.h"

namespace kairos::net {
namespace {

using namespace std::chrono_literals;
using testing::ClientTest;
using testing::FakeExchange;
using testing::FakeUpstream;
using testing::Outcome;

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
  FakeUpstream upstream([](FakeExchange& exchange) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n";
    exchange.raw(head + "the real" + head + "poisoned");
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(upstream.url()).body, "the real");
  EXPECT_EQ(upstream.connections(), 5);
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

} // namespace
} // namespace kairos::net
