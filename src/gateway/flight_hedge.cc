// Hedging: where a target takes longer than it usually does, the next one of the chain is asked too, and the first that
// has an answer serves. Both are attempts of the receipt, each with its own reservation and record before it is sent.
// Only opening runs twice at once, and only on this loop: the race ends when one leg is left.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>

#include "gateway/flight.h"

namespace kairos::gateway {
namespace {

constexpr std::int64_t kFewRequests = 20; // percentiles of fewer say little
constexpr double kMostCredit = 10;

std::optional<std::int64_t> usual_ms(const model::TargetHealth& health, config::HedgeAfter after, bool stream) {
  switch (after) {
  case config::HedgeAfter::kP50:
    return stream ? health.ttft_p50_ms : health.latency_p50_ms;
  case config::HedgeAfter::kP75:
    return stream ? health.ttft_p75_ms : health.latency_p75_ms;
  case config::HedgeAfter::kP95:
    return stream ? health.ttft_p95_ms : health.latency_p95_ms;
  }
  return std::nullopt;
}

} // namespace

/// The strategy says so, there is another target, and hedges are still few among the requests of this loop.
bool Flight::may_hedge() {
  const config::Routing& routing = snapshot_->routing;
  if (routing.strategy != config::Strategy::kHedge || hedged_) return false;
  double& credit = gateway_.hedge_credit_;
  if (tries() == 0) credit = std::min(kMostCredit, credit + routing.hedge.most_share);
  return credit >= 1 && next_ < route_.chain.size();
}

Duration Flight::hedge_delay(const Leg& leg) const {
  const config::Hedge& hedge = snapshot_->routing.hedge;
  const model::TargetHealth* health = health_->find(leg.choice->target->health_key);
  if (health == nullptr || health->requests < kFewRequests) return hedge.unmeasured;
  const auto ms = usual_ms(*health, hedge.after, request_.stream);
  return ms ? std::max<Duration>(std::chrono::milliseconds(*ms), hedge.least) : hedge.unmeasured;
}

net::Task<void> Flight::open_and_tell(LegPtr leg, std::shared_ptr<net::Event> changed) {
  co_await open(*leg);
  leg->opened = true;
  exchange_.loop().post([changed] { changed->notify(); }); // not from within this coroutine
}

/// The flight waits for `changed` until the leg is opened, so that it outlives what runs here.
void Flight::open_apart(LegPtr leg, std::shared_ptr<net::Event> changed) {
  auto opening = open_and_tell(std::move(leg), std::move(changed));
  boost::asio::co_spawn(exchange_.loop().context(), std::move(opening), boost::asio::detached);
}

/// The second leg, ready to be opened; nullptr: there is none, and nothing has changed but for its place in the chain.
net::Task<Flight::LegPtr> Flight::begin_hedge(LegPtr first) {
  running_ = 1;
  const size_t place = next_;
  const auto wrong = wrong_;
  const routing::Choice* choice = next_choice();
  LegPtr leg;
  if (choice != nullptr && hold_money(*choice)) {
    leg = make_leg(*choice, model::AttemptReason::kHedge);
  } else if (choice != nullptr) {
    gateway_.health_of(*choice->target).abandoned();
    next_ = place; // what was held for the first may pay for it later
    wrong_ = wrong;
  }
  running_ = 0;
  if (!leg) co_return nullptr;
  gateway_.hedge_credit_ -= 1;
  const auto announced = co_await announce(*leg, first.get());
  leg->started = leg->waited_since = gateway_.services_.clock.mono_now();
  if (announced && !exchange_.client_gone() && !first->answers()) { // the first may have failed meanwhile
    if (prepare(*leg)) co_return leg;
    wrong_ = wrong;
    co_return nullptr;
  }
  leg->health->abandoned();
  leg->record.error_type = announced ? "hedge_not_needed" : "receipt_unavailable";
  leg->record.usage.source = model::UsageSource::kCounted; // it was never sent
  record_leg(*leg, "cancelled");
  co_return nullptr;
}

/// Opens `first` and, where it is late, another. The leg to go on with; the other one is over and on the receipt.
net::Task<Flight::LegPtr> Flight::race(LegPtr first) {
  const auto changed = std::make_shared<net::Event>();
  const auto late = std::make_shared<bool>(false);
  std::vector<LegPtr> legs = {first};
  watch_client(legs);
  open_apart(first, changed);
  exchange_.loop().after(hedge_delay(*first), [changed, late] {
    *late = true;
    changed->notify();
  });
  LegPtr second;
  const auto over = [&] {
    if (first->answers() || (second && second->answers())) return true;
    return first->opened && (!second || second->opened);
  };
  while (!over()) {
    co_await changed->wait();
    if (!*late || hedged_ || first->opened || exchange_.client_gone()) continue;
    if (gateway_.hedge_credit_ < 1) continue; // others have hedged meanwhile
    hedged_ = true;
    second = co_await begin_hedge(first);
    if (!second) continue;
    legs.push_back(second);
    watch_client(legs);
    open_apart(second, changed);
  }
  if (!second) co_return first;
  const bool won = first->answers() || second->answers(); // else both failed, and the second one's failure decides
  const LegPtr winner = first->answers() ? first : second;
  const LegPtr loser = winner == first ? second : first;
  const bool failed = loser->opened && (!won || !loser->answers());
  if (!failed) loser->call->cancel();
  while (!loser->opened) co_await changed->wait();
  loser->waited_since = gateway_.services_.clock.mono_now(); // the time is the winner's
  if (!failed) {
    end_loser(*loser);
  } else if (loser->as == Opened::kRefused) {
    refused_by_provider(*loser);
  } else if (loser->as == Opened::kBroken) {
    broken_early(*loser);
  } else {
    call_failed(*loser, loser->failure);
  }
  winner->waited_since = first->started;
  std::vector<LegPtr> left = {winner};
  watch_client(std::move(left));
  co_return winner;
}

/// The leg that came second. What it may have produced is billed, so it is counted or estimated, and never left out:
/// the usual length of an answer where it was to come whole, what had come of it where it was a stream.
void Flight::end_loser(Leg& leg) {
  leg.health->abandoned();
  model::Usage& usage = leg.record.usage;
  if (!leg.call->sent() || leg.as == Opened::kRefused) {
    usage.source = model::UsageSource::kCounted;
  } else {
    const bool complete = leg.as == Opened::kWhole || (!leg.terminal.empty() && !leg.error_event);
    if (leg.as == Opened::kWhole) leg.tap->on_body(leg.answer);
    note_usage(leg, complete);
    if (!complete) usage.source = model::UsageSource::kEstimated; // it may have gone on
    const std::int64_t usual = leg.choice->expected_output * std::max<std::int64_t>(facts_.choices, 1);
    auto& output = usage[model::Meter::kOutput];
    if (!complete && !request_.stream) output = std::max(output, usual);
  }
  leg.record.error_type = "hedge_lost";
  record_leg(leg, "cancelled");
}

} // namespace kairos::gateway
