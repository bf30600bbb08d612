#include "net/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <list>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "net/testing/test_client.h"

namespace kairos::net {
namespace {

using namespace std::chrono_literals;
using testing::TestClient;

/// A server on a loop of its own, and its end.
class ServerTest : public ::testing::Test {
public:
  void start(Handler handler) {
    server = std::make_unique<Server>(loop, options, std::move(handler));
    const auto listening = server->listen();
    ASSERT_TRUE(listening) << listening.error().message;
    loop.start();
  }
  std::uint16_t port() const { return server->local_port(); }
  void TearDown() override { loop.stop(); }

  Loop loop{"test"};
  Server::Options options;
  std::unique_ptr<Server> server;
};

/// Answers with "METHOD TARGET BODY".
Task<void> echo(Exchange& exchange) {
  auto body = co_await exchange.read_body();
  std::string answer = std::string(exchange.head().method()) + " " + std::string(exchange.head().target());
  answer += body ? " " + std::string(*body) : " " + body.error().message;
  const int status = body                                   ? 200
                     : body.error().code == Code::kTooLarge ? 413
                     : body.error().code == Code::kTimeout  ? 408
                                                            : 400;
  co_await exchange.respond(status, kNoHeaders, answer);
}

TEST_F(ServerTest, AnswersManyRequestsOnOneConnection) {
  start(echo);
  TestClient client(port());
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.post("/x", std::string(static_cast<size_t>(i) * 1000, 'b'));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body.size(), 8 + static_cast<size_t>(i) * 1000);
  }
  EXPECT_EQ(server->connections(), 1u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrderEvenAfterTheClientStopsSending) {
  start(echo);
  TestClient client(port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "POST /" + std::to_string(i) +
           " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
  }
  client.send(all);
  client.socket.shutdown_send();
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, "POST /" + std::to_string(i) + " abc");
  }
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, SaysContinueOnlyWhenTheBodyIsWanted) {
  start([](Exchange& exchange) -> Task<void> {
    if (exchange.head().target() == "/no") {
      co_await exchange.respond(401, kNoHeaders, "no");
    } else {
      co_await echo(exchange);
    }
  });
  const std::string expecting = " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  TestClient client(port());
  client.send("POST /yes" + expecting);
  ASSERT_EQ(client.read_answer()->status, 100);
  client.send("abc");
  EXPECT_EQ(client.read_answer()->body, "POST /yes abc");
  client.send("POST /no" + expecting);
  const auto refused = client.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->header("Connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, SpeaksHttp10AndHead) {
  start([](Exchange& exchange) -> Task<void> {
    co_await exchange.start_stream(200, kNoHeaders, "one");
    co_await exchange.write("two");
    co_await exchange.finish();
  });
  TestClient old(port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  const auto answer = old.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "onetwo");
  EXPECT_EQ(answer->header("Transfer-Encoding"), "");
  TestClient client(port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_answer(true)->status, 200);
  EXPECT_EQ(client.read_answer()->body, "onetwo");
}

TEST_F(ServerTest, RefusesWithTheGivenBodyWhatIsNotHttp) {
  options.error_body = [](int status, std::string_view message) {
    return HttpBody{"application/json", std::to_string(status) + std::string(message)};
  };
  options.limits.head.head_bytes = 1000;
  start(echo);
  const std::pair<std::string, int> cases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", 431},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400}};
  for (const auto& [bytes, status] : cases) {
    TestClient client(port());
    client.send(bytes);
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << bytes;
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->header("Content-Type"), "application/json");
    EXPECT_EQ(answer->body.substr(0, 3), std::to_string(status));
    client.socket.shutdown_send();
    EXPECT_TRUE(client.ends());
  }
}

TEST_F(ServerTest, DoesNotWaitForSlowHeadsOrBodies) {
  options.limits.head_time = 60ms;
  options.limits.body_time = 60ms;
  start(echo);
  TestClient head(port());
  head.send("POST / HTTP/1.1\r\nHos");
  EXPECT_EQ(head.read_answer()->status, 408);
  TestClient body(port());
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  const auto answer = body.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(body.ends());
}

TEST_F(ServerTest, DropsIdleConnectionsAndThoseOverTheLimit) {
  options.limits.idle_time = 100ms;
  options.limits.connections = 2;
  start(echo);
  TestClient one(port()), two(port());
  ASSERT_TRUE(one.get("/"));
  ASSERT_TRUE(two.get("/"));
  TestClient three(port());
  EXPECT_FALSE(three.get("/"));
  EXPECT_TRUE(one.ends());
  EXPECT_TRUE(two.ends());
}

size_t memory_in_use() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(ServerTest, RefusesHugeBodiesWithoutTakingThemIn) {
  options.limits.body_bytes = 100'000;
  start(echo);
  const size_t before = memory_in_use();
  TestClient declared(port());
  declared.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
  EXPECT_EQ(declared.read_answer()->status, 413);
  TestClient chunked(port());
  chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 1600 && chunked.send(chunk); ++i) {
  }
  const auto answer = chunked.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 413);
  EXPECT_LT(memory_in_use() - before, 8u << 20);
}

TEST_F(ServerTest, TellsTheHandlerThatTheClientLeftWhileItWaits) {
  std::promise<bool> told;
  start([&](Exchange& exchange) -> Task<void> {
    auto body = co_await exchange.read_body();
    Event wake;
    exchange.on_client_gone([&] { wake.notify(); });
    co_await wake.wait();
    told.set_value(body.has_value() && exchange.client_gone());
  });
  TestClient client(port());
  // What is pipelined behind must not hide the close.
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /next HTTP/1.1\r\n");
  client.socket.close();
  auto future = told.get_future();
  ASSERT_EQ(future.wait_for(5s), std::future_status::ready);
  EXPECT_TRUE(future.get());
}

TEST_F(ServerTest, ASlowClientSlowsTheHandlerAndAStuckOneIsDropped) {
  options.limits.write_time = 200ms;
  std::atomic<size_t> written{0};
  std::promise<void> ended;
  start([&](Exchange& exchange) -> Task<void> {
    const std::string piece(64 * 1024, 'x');
    co_await exchange.start_stream(200, kNoHeaders);
    while (co_await exchange.write(piece)) written += piece.size();
    ended.set_value();
  });
  TestClient client(port());
  client.socket.shrink_receive_buffer();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(ended.get_future().wait_for(8s), std::future_status::ready);
  EXPECT_LT(written.load(), 16u << 20); // the kernel's buffers, not the whole endless answer
}

TEST_F(ServerTest, AnUnfinishedStreamIsNotMadeToLookComplete) {
  start([](Exchange& exchange) -> Task<void> { co_await exchange.start_stream(200, kNoHeaders, "partial"); });
  TestClient client(port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  while (client.socket.receive()) {
  }
  EXPECT_NE(client.socket.input().find("partial"), std::string::npos);
  EXPECT_EQ(client.socket.input().find("0\r\n\r\n"), std::string::npos);
}

TEST_F(ServerTest, DrainsWhatRunsAndThenEnds) {
  std::promise<void> entered, drained;
  Event go_on;
  start([&](Exchange& exchange) -> Task<void> {
    if (exchange.head().target() == "/slow") {
      entered.set_value();
      co_await go_on.wait();
    }
    co_await exchange.respond(200, kNoHeaders, "done");
  });
  TestClient idle(port()), slow(port());
  ASSERT_TRUE(idle.get("/"));
  slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered.get_future().wait();
  server->drain([&] { drained.set_value(); });
  EXPECT_TRUE(idle.ends());
  EXPECT_FALSE(TestClient(port()).get("/"));
  auto future = drained.get_future();
  EXPECT_EQ(future.wait_for(0s), std::future_status::timeout);
  loop.post([&] { go_on.notify(); });
  const auto answer = slow.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header("Connection"), "close");
  EXPECT_EQ(future.wait_for(5s), std::future_status::ready);
}

TEST_F(ServerTest, AbortAllEndsWhatWouldNotEnd) {
  std::promise<void> drained;
  std::promise<void> entered;
  start([&](Exchange& exchange) -> Task<void> {
    Event gone;
    exchange.on_client_gone([&] { gone.notify(); });
    entered.set_value();
    co_await gone.wait();
  });
  TestClient client(port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  entered.get_future().wait();
  server->drain([&] { drained.set_value(); });
  server->abort_all();
  EXPECT_EQ(drained.get_future().wait_for(5s), std::future_status::ready);
  EXPECT_FALSE(client.read_answer());
}

TEST_F(ServerTest, ListensOnAUnixSocket) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("kairos_net_" + std::to_string(::getpid()))).string();
  options.unix_path = path;
  start(echo);
  TestClient client(path);
  EXPECT_EQ(client.post("/x", "abc")->body, "POST /x abc");
}

TEST_F(ServerTest, SharesItsPortWithOtherLoopsButNotWithOtherPrograms) {
  start(echo);
  Loop other("other");
  Server::Options more = options;
  more.port = port();
  Server stranger(other, more, echo);
  const auto refused = stranger.listen();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kConflict);
  more.join_port = true;
  Server second(other, more, echo);
  ASSERT_TRUE(second.listen());
  other.start();
  size_t on_second = 0;
  std::list<TestClient> clients;
  for (int i = 0; i < 64; ++i) {
    ASSERT_TRUE(clients.emplace_back(port()).get("/"));
    on_second = second.connections();
  }
  EXPECT_GT(on_second, 0u); // the kernel spreads them by hash: 64 on one side only is as likely as 2^-63
  EXPECT_EQ(on_second + server->connections(), 64u);
  other.stop();
}

TEST_F(ServerTest, WaitsForOtherThreadsWithoutBlockingTheLoop) {
  std::vector<std::jthread> threads;
  start([&](Exchange& exchange) -> Task<void> {
    auto start_work = [&](std::move_only_function<void(int)> done) {
      threads.emplace_back([finish = std::move(done)]() mutable { finish(42); });
    };
    const boost::asio::any_io_executor executor = exchange.executor();
    const int value = co_await await_from_thread<int>(executor, std::move(start_work));
    co_await exchange.respond(200, kNoHeaders, std::to_string(value));
  });
  TestClient client(port());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.get("/")->body, "42");
}

/// One thread answers several requests at a time, as the journal's does.
TEST_F(ServerTest, WaitsForABusyThreadThatAnswersSeveralAtOnce) {
  constexpr size_t kClients = 4;
  constexpr int kEach = 50;
  std::mutex mutex;
  std::condition_variable_any some;
  std::vector<std::move_only_function<void(int)>> waiting;
  start([&](Exchange& exchange) -> Task<void> {
    std::move_only_function<void(std::move_only_function<void(int)>)> ask =
        [&](std::move_only_function<void(int)> done) {
          const std::scoped_lock lock(mutex);
          waiting.push_back(std::move(done));
          some.notify_one();
        };
    auto answer = await_from_busy_thread<int>(exchange.loop(), std::move(ask));
    const int value = co_await std::move(answer);
    co_await exchange.respond(200, kNoHeaders, std::to_string(value));
  });
  std::jthread busy([&](const std::stop_token& stop) {
    for (int next = 0; !stop.stop_requested();) {
      std::vector<std::move_only_function<void(int)>> taken;
      {
        std::unique_lock lock(mutex);
        some.wait(lock, stop, [&] { return !waiting.empty(); });
        taken.swap(waiting);
      }
      for (auto& done : taken) done(++next);
    }
  });
  std::mutex answers_mutex;
  std::set<std::string> answers;
  std::vector<std::jthread> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      TestClient client(port());
      for (int n = 0; n < kEach; ++n) {
        const auto answer = client.get("/");
        const std::scoped_lock lock(answers_mutex);
        if (answer) answers.insert(answer->body);
      }
    });
  }
  clients.clear();
  EXPECT_EQ(answers.size(), kClients * kEach) << "each gets its own";
}

TEST(LoopTest, RunsWhatIsHandedOverOnceInOrderAndDropsWhatCameTooLate) {
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> late = alive;
  std::vector<int> ran;
  {
    Loop loop("hand-over");
    loop.start();
    std::promise<void> held, last;
    std::promise<void> hold;
    loop.post([&] {
      held.set_value();
      hold.get_future().wait();
    });
    held.get_future().wait();
    for (int i = 0; i < 100; ++i) loop.hand_over([&ran, i] { ran.push_back(i); });
    loop.hand_over([&] { loop.hand_over([&] { last.set_value(); }); }); // from within, too
    hold.set_value();
    last.get_future().wait();
    loop.stop();
    loop.hand_over([alive = std::move(alive), &ran] { ran.push_back(-1); });
    EXPECT_FALSE(late.expired());
  }
  EXPECT_TRUE(late.expired()) << "destroyed with the loop";
  ASSERT_EQ(ran.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
}

} // namespace
} // namespace kairos::net
