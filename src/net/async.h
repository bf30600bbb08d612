// The one public header of net that shows Boost: the coroutine type, and the ways to make a coroutine wait.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace kairos::net {

template <class T = void>
using Task = boost::asio::awaitable<T>;

/// One coroutine waits, code on the same loop notifies. Not thread-safe; a notification without a waiter is kept.
class Event {
public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  Task<> wait() {
    if (std::exchange(notified_, false)) co_return;
    auto keep = [this](auto handler) { handler_.emplace(std::move(handler)); };
    auto waiting =
        boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(keep, boost::asio::use_awaitable);
    co_await std::move(waiting);
  }
  /// Resumes the waiter at once, on this stack.
  void notify() {
    if (!handler_) {
      notified_ = true;
      return;
    }
    auto handler = std::move(*handler_);
    handler_.reset();
    std::move(handler)();
  }

private:
  using Handler = boost::asio::async_result<boost::asio::use_awaitable_t<>, void()>::handler_type;
  std::optional<Handler> handler_;
  bool notified_ = false;
};

/// Waits for a result that another thread delivers. `start` is called once with a function that may be called once,
/// from any thread; the coroutine resumes on its own loop.
template <class T>
Task<T> await_from_thread(boost::asio::any_io_executor executor,
                          std::move_only_function<void(std::move_only_function<void(T)>)> start) {
  std::optional<T> result;
  auto initiate = [&](auto handler) {
    auto deliver = [executor, &result, resume = std::move(handler)](T value) mutable {
      auto finish = [&result, held = std::move(value), go_on = std::move(resume)]() mutable {
        result.emplace(std::move(held));
        std::move(go_on)();
      };
      boost::asio::post(executor, std::move(finish));
    };
    start(std::move(deliver));
  };
  auto waiting =
      boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate, boost::asio::use_awaitable);
  co_await std::move(waiting);
  co_return std::move(*result);
}

/// The same over Loop::hand_over, which wakes the loop once for many deliveries. `loop` must be the awaiting one.
template <class T, class L>
Task<T> await_from_busy_thread(L& loop, std::move_only_function<void(std::move_only_function<void(T)>)> start) {
  std::optional<T> result;
  auto initiate = [&](auto handler) {
    auto deliver = [&loop, &result, resume = std::move(handler)](T value) mutable {
      result.emplace(std::move(value)); // the coroutine waits, so this is nobody else's
      loop.hand_over(std::move(resume));
    };
    start(std::move(deliver));
  };
  auto waiting =
      boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate, boost::asio::use_awaitable);
  co_await std::move(waiting);
  co_return std::move(*result);
}

} // namespace kairos::net
