#include "sim/sim_server.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <vector>

#include "base/hex.h"
#include "net/server.h"
#include "sim/pace.h"
#include "sim/sim_engine.h"

namespace kairos::sim {
namespace {

using net::Task;

/// Shared by the exchanges of one server; touched on its loop only.
struct State {
  EngineOptions engine;
  std::optional<std::string> last_body;
  std::uint64_t count = 0;
  double error_rate = 0;
  double rate_limit_rate = 0;
  Random failures{1};
  bool holding = false;
  std::uint64_t hold_until = 0; // so many wait; 0: until they are released
  std::vector<std::shared_ptr<boost::asio::steady_timer>> held;

  void release() {
    holding = false;
    for (const auto& timer : held) timer->cancel();
    held.clear();
  }
};
using StatePtr = std::shared_ptr<State>;

void cancel(const std::shared_ptr<boost::asio::steady_timer>& timer) { timer->cancel(); }

/// Ends early when the client leaves. Without a delay: waits for that alone.
Task<> wait_for(net::Exchange& exchange, std::optional<Duration> delay) {
  if (exchange.client_gone()) co_return;
  const auto timer = std::make_shared<boost::asio::steady_timer>(exchange.executor());
  timer->expires_at(delay ? MonoTime::clock::now() + *delay : MonoTime::max());
  exchange.on_client_gone(std::bind_front(cancel, timer));
  boost::system::error_code cancelled;
  auto waiting = timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  co_await std::move(waiting);
  const std::function<void()> nothing = [] {};
  exchange.on_client_gone(nothing);
}

Task<> wait_until_released(StatePtr state, net::Exchange& exchange) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(exchange.executor());
  timer->expires_at(MonoTime::max());
  state->held.push_back(timer);
  if (state->hold_until > 0 && state->held.size() >= state->hold_until) {
    state->release();
    co_return;
  }
  exchange.on_client_gone(std::bind_front(cancel, timer));
  boost::system::error_code cancelled;
  auto waiting = timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
  co_await std::move(waiting);
  const std::function<void()> nothing = [] {};
  exchange.on_client_gone(nothing);
  std::erase(state->held, timer);
}

Task<> play_stream(net::Exchange& exchange, const SimAnswer& answer, const net::ResponseHeaders& headers) {
  bool there = true;
  for (size_t i = 0; i < answer.pieces.size() && there; ++i) {
    const Piece& piece = answer.pieces[i];
    if (piece.delay > Duration::zero()) co_await wait_for(exchange, piece.delay);
    if (i == 0) {
      there = co_await exchange.start_stream(answer.status, headers, piece.bytes);
    } else {
      there = co_await exchange.write(piece.bytes);
    }
  }
  if (!there) co_return;
  if (answer.ending == Ending::kBreak) {
    exchange.abort();
  } else {
    co_await exchange.finish();
  }
}

Task<> play(net::Exchange& exchange, SimAnswer answer) {
  if (answer.ending == Ending::kStall) co_await wait_for(exchange, std::nullopt);
  if (answer.ending == Ending::kStall || answer.ending == Ending::kReset) {
    exchange.abort();
    co_return;
  }
  net::ResponseHeaders headers;
  for (const auto& [name, value] : answer.headers) headers.push_back({name, value});
  if (answer.streamed) {
    co_await play_stream(exchange, answer, headers);
    co_return;
  }
  const Piece& whole = answer.pieces.front();
  if (whole.delay > Duration::zero()) co_await wait_for(exchange, whole.delay);
  co_await exchange.respond(answer.status, headers, whole.bytes);
}

/// What is asked for, and of which model if the path says it.
struct Place {
  Endpoint endpoint;
  std::string model;
};

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += static_cast<char>(byte->front());
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// "PREFIX…SUFFIX" → what stands between them.
std::optional<std::string> between(std::string_view path, std::string_view prefix, std::string_view suffix) {
  if (path.size() <= prefix.size() + suffix.size() || !path.starts_with(prefix) || !path.ends_with(suffix))
    return std::nullopt;
  return decoded(path.substr(prefix.size(), path.size() - prefix.size() - suffix.size()));
}

std::optional<Place> find_native(std::string_view path, std::string_view target) {
  constexpr std::string_view kGemini = "/v1beta/models/";
  if (auto model = between(path, kGemini, ":generateContent")) return Place{Endpoint::kGemini, *model};
  if (auto model = between(path, kGemini, ":streamGenerateContent"); model && target.ends_with("?alt=sse"))
    return Place{Endpoint::kGeminiStream, *model};
  if (auto model = between(path, "/model/", "/converse")) return Place{Endpoint::kConverse, *model};
  if (auto model = between(path, "/model/", "/converse-stream")) return Place{Endpoint::kConverseStream, *model};
  return std::nullopt;
}

std::optional<Place> find_place(const net::Head& head) {
  const bool post = head.method() == "POST";
  if (post && head.path() == "/v1/chat/completions") return Place{Endpoint::kChatCompletions, ""};
  if (post && head.path() == "/v1/responses") return Place{Endpoint::kResponses, ""};
  if (post && head.path() == "/v1/embeddings") return Place{Endpoint::kEmbeddings, ""};
  if (post && head.path() == "/v1/messages") return Place{Endpoint::kMessages, ""};
  if (post) return find_native(head.path(), head.target());
  if (head.method() != "GET") return std::nullopt;
  if (head.path() == "/v1beta/models") return Place{Endpoint::kGeminiModels, ""};
  if (head.path() != "/v1/models") return std::nullopt;
  return Place{head.find("anthropic-version") ? Endpoint::kAnthropicModels : Endpoint::kOpenAiModels, ""};
}

bool is_provider_path(std::string_view path) {
  return path.starts_with("/v1/") || path.starts_with("/v1beta/") || path.starts_with("/model/");
}

SimAnswer plain_answer(int status, std::string body) {
  SimAnswer answer;
  answer.status = status;
  answer.headers.emplace_back("Content-Type", "application/octet-stream");
  answer.pieces.push_back({{}, std::move(body)});
  return answer;
}

void begin_hold(State& state, std::string_view until) {
  state.holding = true;
  state.hold_until = 0;
  std::from_chars(until.data(), until.data() + until.size(), state.hold_until);
}

SimAnswer answer_outside(State& state, const net::Head& head, std::string_view body) {
  const bool get = head.method() == "GET";
  if (!get && head.path() == "/sim/hold") begin_hold(state, body);
  if (!get && head.path() == "/sim/release") state.release();
  if (!get && (head.path() == "/sim/hold" || head.path() == "/sim/release")) return plain_answer(200, "done");
  if (get && head.path() == "/sim/held") return plain_answer(200, std::to_string(state.held.size()));
  if (get && head.path() == "/sim/count") return plain_answer(200, std::to_string(state.count));
  if (get && head.path() == "/sim/last" && state.last_body) return plain_answer(200, *state.last_body);
  const std::string what = std::string(head.method()) + " " + std::string(head.path());
  return simulated_error(Endpoint::kChatCompletions, 404, "nothing is served at " + what);
}

int status_of(Code code) {
  if (code == Code::kTooLarge) return 413;
  return code == Code::kTimeout ? 408 : 400;
}

/// Controls for a request that has none: what the profile lets fail.
std::string chance_failure(State& state) {
  if (state.error_rate + state.rate_limit_rate <= 0) return "";
  const double drawn = uniform(state.failures);
  if (drawn < state.rate_limit_rate) return "status=429;retry_after=1";
  if (drawn >= state.rate_limit_rate + state.error_rate) return "";
  constexpr std::array<std::string_view, 4> kFailures = {"status=500", "status=502", "status=503", "status=529"};
  return std::string(kFailures[state.failures.below(kFailures.size())]);
}

Task<> serve(StatePtr state, net::Exchange& exchange) {
  if (is_provider_path(exchange.head().path())) ++state->count;
  const auto place = find_place(exchange.head());
  const auto body = co_await exchange.read_body();
  if (!place) {
    SimAnswer outside = answer_outside(*state, exchange.head(), body ? *body : std::string_view());
    co_await play(exchange, std::move(outside));
    co_return;
  }
  if (!body) {
    SimAnswer refusal = simulated_error(place->endpoint, status_of(body.error().code), body.error().message);
    co_await play(exchange, std::move(refusal));
    co_return;
  }
  if (exchange.head().method() == "POST") state->last_body = *body;
  if (state->holding) co_await wait_until_released(state, exchange);
  std::string controls(exchange.head().find("X-Sim").value_or(""));
  if (controls.empty()) controls = chance_failure(*state);
  SimAnswer answer = simulate(place->endpoint, *body, controls, state->engine, place->model);
  co_await play(exchange, std::move(answer));
}

net::HttpBody error_body(int status, std::string_view message) {
  return {"application/json", simulated_error(Endpoint::kChatCompletions, status, message).pieces.front().bytes};
}

net::Server::Options server_options(const SimOptions& options) {
  net::Server::Options made;
  made.address = options.address;
  made.port = options.port;
  made.error_body = error_body;
  return made;
}

} // namespace

struct SimServer::Impl {
  Impl(net::Loop& loop, const SimOptions& options)
      : state(std::make_shared<State>()), server(loop, server_options(options), std::bind_front(serve, state)) {
    state->engine = {options.seed, options.latency_scale, options.most_words};
    state->error_rate = options.error_rate;
    state->rate_limit_rate = options.rate_limit_rate;
    state->failures = Random(options.seed);
  }
  StatePtr state;
  net::Server server;
};

SimServer::SimServer(net::Loop& loop, SimOptions options) : impl_(std::make_unique<Impl>(loop, options)) {}
SimServer::~SimServer() = default;

Result<void> SimServer::listen() { return impl_->server.listen(); }
std::uint16_t SimServer::local_port() const { return impl_->server.local_port(); }

} // namespace kairos::sim
