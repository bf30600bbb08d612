#include "api/replay_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <ranges>
#include <span>

#include "api/replay_sums.h"
#include "api/sessions.h"
#include "api/work_pool.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

enum class State : std::uint8_t { kRunning, kDone, kCancelled, kCapReached, kFailed };
constexpr std::array<std::string_view, 5> kStateNames = {"running", "done", "cancelled", "cap_reached", "failed"};

} // namespace

struct ReplayRuns::Run {
  Run(const ApiContext& context_in, net::Loop& loop_in, Request request_in, ReplayOrder order_in)
      : context(context_in), loop(loop_in), request(std::move(request_in)), order(std::move(order_in)) {}

  const ApiContext& context;
  net::Loop& loop;
  const Request request; // of whoever started it
  const ReplayOrder order;
  std::string id;
  WallTime created{};
  std::atomic<bool> cancelled{false};
  gateway::InProcessExchange* asking = nullptr; // on the loop only

  mutable std::mutex mutex; // guards the rest
  State state = State::kRunning;
  std::string why_ended;
  Picodollars spent;
  std::vector<RunOutcome> outcomes;

  State state_now() const {
    const std::scoped_lock lock(mutex);
    return state;
  }
  void end(State with, std::string why);
  std::string text(bool with_results = true) const;
  void write_models(model::JsonWriter& json) const;
};

void ReplayRuns::Run::end(State with, std::string why) {
  const std::scoped_lock lock(mutex);
  state = with;
  why_ended = std::move(why);
}

void ReplayRuns::Run::write_models(model::JsonWriter& json) const {
  json.key("per_model").begin_array();
  for (size_t i = 0; i < order.models.size(); ++i) write_model_sums(json, outcomes, i, order.models[i]);
  json.end_array();
}

std::string ReplayRuns::Run::text(bool with_results) const {
  const std::scoped_lock lock(mutex);
  std::string out;
  model::JsonWriter json(out);
  json.begin_object();
  json.key("id").string(id);
  json.key("state").string(kStateNames[static_cast<size_t>(state)]);
  json.key("created_at").string(to_rfc3339(created));
  json.key("by").string(request.principal.who());
  json.key("models").begin_array();
  for (const std::string& model : order.models) json.string(model);
  json.end_array();
  json.key("total").integer(static_cast<std::int64_t>(order.receipts.size() * order.models.size()));
  json.key("done").integer(static_cast<std::int64_t>(outcomes.size()));
  json.key("spent_usd").string(usd(spent));
  json.key("max_cost_usd").string(usd(order.max_cost));
  text_or_null(json, "why_ended", why_ended);
  write_models(json);
  json.key("results").begin_array();
  for (const RunOutcome& one : with_results ? std::span(outcomes) : std::span<const RunOutcome>())
    write_outcome(json, one, order.models[one.model]);
  json.end_array();
  json.end_object();
  return out;
}

namespace {

using RunPtr = std::shared_ptr<ReplayRuns::Run>;

bool may_see(const Request& request, const ReplayRuns::Run& run) {
  return may_read_content(request, run.request.principal.tenant);
}

void break_off(const RunPtr& run) {
  run->cancelled = true;
  run->loop.post([run] {
    if (run->asking != nullptr) run->asking->leave();
  });
}

using Prepared = std::expected<PreparedReplay, ReplayRefusal>;

/// One replay; its outcome is noted. False: the run is over.
net::Task<bool> replay_next(RunPtr run, const std::string& receipt_id, size_t model) {
  const ApiContext& context = run->context;
  RunOutcome outcome{receipt_id, model, "skipped", {}, {}, {}, {}, {}, {}, {}};
  const auto attempts = std::max<std::int64_t>(1, context.services.snapshot()->routing.fallback.max_attempts);
  const Picodollars left = run->order.max_cost - run->spent;
  ReplayWish wish;
  wish.model_id = run->order.models[model];
  wish.allow_tools = run->order.allow_tools;
  wish.max_cost = Picodollars(left.value() / attempts); // so that even one that is tried again stays below
  if (wish.max_cost->value() <= 0) {
    run->end(State::kCapReached, "max_cost_usd is used up");
    co_return false;
  }
  std::function<Prepared()> make = [&] { return prepare_replay(context, run->request, receipt_id, wish); };
  Prepared busy = std::unexpected(ReplayRefusal{503, "the server was too busy to look it up"});
  auto waiting = on_worker<Prepared>(context.pool, run->loop.context().get_executor(), Urgency::kExport,
                                     std::move(make), std::move(busy));
  const Prepared prepared = co_await std::move(waiting);
  bool go_on = true;
  if (!prepared) {
    outcome.why = prepared.error().message;
  } else {
    auto exchange = gateway::InProcessExchange::make(run->loop, prepared->request);
    if (!exchange) {
      outcome.why = exchange.error().message;
    } else if (!run->cancelled) {
      run->asking = exchange->get();
      const gateway::InProcessAnswer answer = co_await context.services.ask(**exchange, prepared->request);
      run->asking = nullptr;
      const ReplayOutcome came = outcome_of(*prepared, answer, run->request.charged_only);
      outcome.outcome = came.after ? "replayed" : "failed";
      outcome.why = came.after ? "" : answer.receipt.execution.error_message;
      outcome.replay_receipt_id = answer.receipt.receipt_id;
      outcome.cost = came.cost_after;
      outcome.cost_before = came.cost_before;
      outcome.latency_ms = answer.receipt.execution.latency_ms;
      outcome.latency_before = prepared->original.execution.latency_ms;
      outcome.equal = came.equal();
      const std::scoped_lock lock(run->mutex);
      run->spent += answer.receipt.cost.total.value_or(left); // what is not known counts as all it may be
      go_on = answer.status != 402;
      if (!go_on) run->state = State::kCapReached;
      if (!go_on) run->why_ended = answer.receipt.execution.error_message;
    }
  }
  const std::scoped_lock lock(run->mutex);
  run->outcomes.push_back(std::move(outcome));
  co_return go_on;
}

net::Task<void> replay_all(RunPtr run) {
  for (const std::string& receipt_id : run->order.receipts) {
    for (size_t model = 0; model < run->order.models.size(); ++model) {
      if (run->cancelled) {
        run->end(State::kCancelled, "");
        co_return;
      }
      const bool go_on = co_await replay_next(run, receipt_id, model);
      if (!go_on) co_return;
    }
  }
  if (run->cancelled) {
    run->end(State::kCancelled, "");
  } else {
    run->end(State::kDone, "");
  }
}

} // namespace

ReplayRuns::ReplayRuns() = default;
ReplayRuns::~ReplayRuns() = default;

Result<std::string> ReplayRuns::start(const ApiContext& context, net::Loop& loop, const Request& request,
                                      ReplayOrder order) {
  Request own;
  own.principal = request.principal;
  own.scope = request.scope;
  own.charged_only = request.charged_only;
  auto run = std::make_shared<Run>(context, loop, std::move(own), std::move(order));
  run->id = "replays-" + random_secret().substr(0, 12);
  run->created = context.services.clock.wall_now();
  {
    const std::scoped_lock lock(mutex_);
    const auto running =
        std::ranges::count_if(runs_, [](const auto& one) { return one->state_now() == State::kRunning; });
    if (static_cast<size_t>(running) >= kMostRunning)
      return fail(Code::kRateLimited,
                  fmt::format("{} runs are going on already; wait for one, or cancel one", running));
    while (runs_.size() >= kMostKept) {
      const auto ended =
          std::ranges::find_if(runs_, [](const auto& one) { return one->state_now() != State::kRunning; });
      if (ended == runs_.end()) break;
      runs_.erase(ended);
    }
    runs_.push_back(run);
  }
  loop.post([run] {
    auto all = replay_all(run);
    boost::asio::co_spawn(run->loop.context(), std::move(all), boost::asio::detached);
  });
  return run->text();
}

RunPtr ReplayRuns::find(const Request& request, std::string_view id) const {
  const std::scoped_lock lock(mutex_);
  for (const RunPtr& run : runs_) {
    if (run->id == id && may_see(request, *run)) return run;
  }
  return nullptr;
}

Result<std::string> ReplayRuns::show(const Request& request, std::string_view id) const {
  const auto run = find(request, id);
  if (run == nullptr) return fail(Code::kNotFound, "there is no such run of replays; a restart forgets them");
  return run->text();
}

std::string ReplayRuns::list(const Request& request) const {
  std::vector<RunPtr> runs;
  {
    const std::scoped_lock lock(mutex_);
    std::ranges::copy_if(runs_ | std::views::reverse, std::back_inserter(runs),
                         [&](const RunPtr& run) { return may_see(request, *run); });
  }
  std::string out = "{\"runs\":[";
  for (const RunPtr& run : runs) {
    if (!out.ends_with('[')) out += ',';
    out += run->text(false);
  }
  return out + "]}";
}

Result<std::string> ReplayRuns::cancel(const Request& request, std::string_view id) {
  const auto run = find(request, id);
  if (run == nullptr) return fail(Code::kNotFound, "there is no such run of replays; a restart forgets them");
  break_off(run);
  return run->text();
}

void ReplayRuns::stop() {
  const std::scoped_lock lock(mutex_);
  for (const RunPtr& run : runs_) break_off(run);
}

} // namespace kairos::api
