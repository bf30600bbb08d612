// A client on a loop of its own, for tests.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "net/client.h"

namespace kairos::net::testing {

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
public:
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

} // namespace kairos::net::testing
