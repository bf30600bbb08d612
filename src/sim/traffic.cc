#include "sim/traffic.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>

#include <cmath>
#include <deque>

#include "net/client.h"
#include "sim/pace.h"
#include "sim/workload.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;
using net::Task;

constexpr size_t kLatencies = 1'000'000;
constexpr size_t kAnswer = 8 << 20;
constexpr size_t kDocument = 12'000; // bytes of text around a question, at most
constexpr double kLeaves = 0.02;     // share of streams whose client does not wait for the end
constexpr size_t kAskedAgain = 50;   // the last questions of workloads that repeat theirs

struct Question {
  const Workload* workload = nullptr;
  std::string body;
  std::string end_user;
  bool leaves = false;
};

/// Plain prose of about so many tokens, below the limit.
std::string make_document(double tokens, Random& random) {
  std::string text;
  const auto wanted = std::min(static_cast<size_t>(tokens * 4), kDocument);
  while (text.size() < wanted) {
    for (const std::string& word : make_words(random, 30)) text += word;
    text += ' ';
  }
  return text;
}

json::array make_tools(bool messages) {
  const json::object schema = {{"type", "object"},
                               {"properties", {{"label", {{"type", "string"}}}, {"order", {{"type", "integer"}}}}}};
  if (messages)
    return {json::object{{"name", "record"}, {"description", "Records what was found"}, {"input_schema", schema}}};
  json::object function = {{"name", "record"}, {"description", "Records what was found"}, {"parameters", schema}};
  return {json::object{{"type", "function"}, {"function", std::move(function)}}};
}

std::string make_request_body(const Workload& load, const std::string& end_user, Random& random) {
  std::string text = make_prompt(load.category, random);
  if (load.input_tokens > 600) text += "\n\n" + make_document(load.input_tokens * spread(random, 0.6), random);
  json::object body;
  body["model"] = load.model;
  body["messages"] = json::array{json::object{{"role", "user"}, {"content", std::move(text)}}};
  body["max_tokens"] = load.output_tokens * 2;
  if (load.stream) body["stream"] = true;
  if (load.tools) body["tools"] = make_tools(load.messages);
  if (load.repeated > 0) body["temperature"] = 0;
  if (!end_user.empty()) body["user"] = end_user;
  return json::serialize(body);
}

class Questions {
public:
  Question next(Random& random) {
    Question made;
    made.workload = &pick_workload(random);
    const Workload& load = *made.workload;
    if (load.end_users > 0)
      made.end_user = "user-" + std::to_string(random.below(static_cast<size_t>(load.end_users)) + 1);
    made.body = load.repeated > 0 ? maybe_again(load, random) : make_request_body(load, made.end_user, random);
    made.leaves = load.stream && uniform(random) < kLeaves;
    return made;
  }

private:
  std::string maybe_again(const Workload& load, Random& random) {
    std::deque<std::string>& asked = asked_[load.workflow];
    if (!asked.empty() && uniform(random) < load.repeated) return asked[random.below(asked.size())];
    asked.push_back(make_request_body(load, {}, random));
    if (asked.size() > kAskedAgain) asked.pop_front();
    return asked.back();
  }
  std::map<std::string_view, std::deque<std::string>> asked_; // by workflow
};

} // namespace

struct Traffic::Impl {
  Impl(net::Loop& loop_in, TrafficOptions options_in, std::function<void(const TrafficSummary&)> done_in)
      : loop(loop_in), client(loop_in, {}), options(std::move(options_in)), done(std::move(done_in)),
        random(options.seed), timer(loop_in.context()) {}

  Task<> pace(std::shared_ptr<Impl> self);
  Task<> ask(std::shared_ptr<Impl> self, Question question);
  Task<std::string_view> outcome(net::Call& call, bool leaves);
  std::string key_of(std::string_view tenant) const {
    const auto own = options.keys.find(tenant);
    return own == options.keys.end() ? options.key : own->second;
  }
  void ended() {
    if (running == 0 && !pacing && done) std::exchange(done, nullptr)(summary);
  }

  net::Loop& loop;
  net::Client client;
  const TrafficOptions options;
  std::function<void(const TrafficSummary&)> done;
  Random random;
  Questions questions;
  boost::asio::steady_timer timer;
  TrafficSummary summary;
  size_t running = 0;
  bool pacing = true;
};

Task<> Traffic::Impl::pace(std::shared_ptr<Impl> self) {
  while (pacing && (options.requests == 0 || summary.sent < options.requests)) {
    if (running < options.concurrency) {
      ++summary.sent;
      ++running;
      Question question = questions.next(random);
      boost::asio::co_spawn(loop.context(), ask(self, std::move(question)), boost::asio::detached);
    }
    const double gap = -std::log(1 - uniform(random)) / options.rate; // seconds; arrivals as in a Poisson process
    timer.expires_after(std::chrono::microseconds(static_cast<std::int64_t>(std::min(gap, 3600.0) * 1e6)));
    boost::system::error_code cancelled;
    auto waiting = timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    co_await std::move(waiting);
  }
  pacing = false;
  ended();
}

Task<std::string_view> Traffic::Impl::outcome(net::Call& call, bool leaves) {
  const int status = call.head().status();
  if (leaves) {
    co_await call.read_some();
    co_return "left";
  }
  const auto body = co_await call.read_all(kAnswer);
  if (!body) co_return "error";
  if (status == 402 || status == 429) co_return "refused";
  co_return status == 200 ? std::string_view("ok") : std::string_view("error");
}

Task<> Traffic::Impl::ask(std::shared_ptr<Impl> /* keeps this */, Question question) {
  const MonoTime began = MonoTime::clock::now();
  const std::string authorization = "Bearer " + key_of(question.workload->tenant);
  const std::string workflow(question.workload->workflow);
  net::ClientRequest request;
  request.target = question.workload->messages ? "/v1/messages" : "/v1/chat/completions";
  request.body = question.body;
  request.headers = {{"Authorization", authorization},
                     {"Content-Type", "application/json"},
                     {"X-KairosRoute-Workflow", workflow},
                     {"X-KairosRoute-Tags", "demo=true"}};
  if (question.workload->messages) request.headers.push_back({"anthropic-version", "2023-06-01"});
  const net::CallTimeouts timeouts;
  net::Call call(client, options.origin, timeouts);
  const auto sent = co_await call.send(request);
  std::string_view how = "error";
  if (sent) how = co_await outcome(call, question.leaves);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(MonoTime::clock::now() - began).count();
  if (how == "ok") ++summary.ok;
  if (how == "ok" && summary.latencies_ms.size() < kLatencies)
    summary.latencies_ms.push_back(static_cast<std::uint32_t>(took));
  if (how == "refused") ++summary.refused;
  if (how == "left") ++summary.left;
  if (how == "error") ++summary.errors;
  --running;
  ended();
}

Traffic::Traffic(net::Loop& loop, TrafficOptions options, std::function<void(const TrafficSummary&)> done)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(done))) {}
Traffic::~Traffic() { impl_->done = nullptr; }

void Traffic::start() {
  impl_->loop.post(
      [impl = impl_] { boost::asio::co_spawn(impl->loop.context(), impl->pace(impl), boost::asio::detached); });
}

void Traffic::stop() {
  impl_->loop.post([impl = impl_] {
    impl->pacing = false;
    impl->timer.cancel();
  });
}

} // namespace kairos::sim
