// A request that the process asks of itself, as somebody's key: it goes the same way as any other one, so that caps,
// rules and receipts are the same. Used by replay.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/snapshot.h"
#include "model/receipt.h"
#include "net/server.h"

namespace kairos::gateway {

struct InProcessRequest {
  config::SnapshotPtr snapshot;
  config::KeyOwner owner; // of `snapshot`
  model::Endpoint endpoint = model::Endpoint::kChatCompletions;
  std::vector<std::pair<std::string, std::string>> headers; // as a client's
  std::string body;
  model::Replay replay;
  bool keep_content = true; // as the owner's tenant says; false: never
};

struct InProcessAnswer {
  int status = 0; // 0: cut off before it began
  std::string content_type;
  model::Receipt receipt;
  std::string body; // events of a stream one after the other
  bool whole = false;
  bool too_long = false; // bytes beyond kMaxInProcessAnswer are not in `body`
};
inline constexpr size_t kMaxInProcessAnswer = size_t{16} << 20;

/// The path that clients use: "/v1/chat/completions".
std::string_view path_of(model::Endpoint endpoint);

/// The exchange of such a request: collects the answer. On one loop.
class InProcessExchange final : public net::Exchange {
public:
  /// kInvalid: a header that cannot be one.
  static Result<std::unique_ptr<InProcessExchange>> make(net::Loop& loop, const InProcessRequest& request);

  InProcessAnswer take() { return std::move(answer_); }
  /// The asker does not want it any more.
  void leave();

  const net::Head& head() const override { return parser_.head(); }
  std::string_view remote_address() const override { return "in-process"; }
  net::Loop& loop() override { return loop_; }
  net::Task<Result<std::string_view>> read_body() override { co_return std::string_view(body_); }
  net::Task<bool> respond(int status, const net::ResponseHeaders& headers, std::string_view body) override;
  net::Task<bool> start_stream(int status, const net::ResponseHeaders& headers, std::string_view first_bytes) override;
  net::Task<bool> write(std::string_view bytes) override;
  net::Task<bool> finish(std::string_view last_bytes) override;
  void abort() override { answer_.whole = false; }
  bool answer_started() const override { return answer_.status != 0; }
  bool client_gone() const override { return gone_; }
  void on_client_gone(std::function<void()> f) override;

private:
  InProcessExchange(net::Loop& loop, std::string body);
  void begin(int status, const net::ResponseHeaders& headers);
  void add(std::string_view bytes);

  net::Loop& loop_;
  net::MessageParser parser_;
  const std::string body_;
  InProcessAnswer answer_;
  bool gone_ = false;
  std::function<void()> when_gone_;
};

} // namespace kairos::gateway
