// The loop over the chain: what is tried, in which order, and what is held for it.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/flight.h"

namespace kairos::gateway {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(10); // a provider that asks for more is passed on to the client

} // namespace

Duration Flight::time_left() const {
  const Duration allowed = snapshot_->server.limits.request_time;
  return allowed - (gateway_.services_.clock.mono_now() - started_);
}

/// The next target of the chain whose circuit is not open; the same one again with another key. nullptr: exhausted.
const routing::Choice* Flight::next_choice() {
  const auto most = static_cast<size_t>(snapshot_->routing.fallback.max_attempts);
  if (tries() + running_ >= most || time_left() <= Duration{}) return nullptr;
  if (with_other_key_ != nullptr) return std::exchange(with_other_key_, nullptr);
  while (next_ < route_.chain.size()) {
    const routing::Choice& choice = route_.chain[next_++];
    if (escalate_ && !choice.better) continue;
    const auto& context = choice.target->model->context_length;
    if (too_short_ && context && *context <= *too_short_) continue;
    if (gateway_.health_of(*choice.target).admit(gateway_.services_.clock.mono_now())) return &choice;
  }
  return nullptr;
}

/// After the chain: the last target that may do better in a moment, once more.
const routing::Choice* Flight::retry_choice() const {
  const auto most = static_cast<size_t>(snapshot_->routing.fallback.max_attempts);
  if (kept_) return nullptr; // an answer is there
  if (again_ == nullptr || tries() >= most) return nullptr;
  return retry_pause() < std::min(time_left(), kLongestPause) ? again_ : nullptr;
}

/// Doubles with every attempt, spread by half either way so that clients do not come back in step; at least what the
/// provider asked for.
Duration Flight::retry_pause() const {
  const auto doublings = std::min<size_t>(tries(), 6);
  const Duration base = kFirstPause * (1 << (doublings > 0 ? doublings - 1 : 0));
  const Duration spread = base * static_cast<std::int64_t>(id_.bytes.back()) / 255; // the id's random part
  return std::max(retry_after_, base / 2 + spread);
}

/// False: the client left meanwhile.
net::Task<bool> Flight::pause(Duration time) {
  const auto over = std::make_shared<net::Event>();
  exchange_.loop().after(time, [over] { over->notify(); });
  exchange_.on_client_gone([over] { over->notify(); });
  co_await over->wait();
  exchange_.on_client_gone([] {});
  co_return !exchange_.client_gone();
}

net::Task<void> Flight::end_without_client() {
  finish(model::Status::kCancelled, 0, model::EndedBy::kClient);
  co_await close();
}

net::Task<void> Flight::serve() {
  const routing::Choice* choice = next_choice();
  while (choice != nullptr) {
    const Outcome outcome = co_await try_choice(*choice);
    if (outcome != Outcome::kTryNext) co_return;
    if (exchange_.client_gone() && opened_) co_return co_await end_without_client();
    choice = next_choice();
    if (choice != nullptr) continue;
    choice = retry_choice();
    if (choice == nullptr) break;
    again_ = nullptr;
    const Duration wait = retry_pause();
    if (!co_await pause(wait)) co_return co_await end_without_client();
    if (!gateway_.health_of(*choice->target).admit(gateway_.services_.clock.mono_now())) break;
  }
  co_await give_up();
}

/// Nothing is left to try. What the last provider said reaches the client as it is.
net::Task<void> Flight::give_up() {
  if (kept_) co_return co_await serve_kept();
  if (last_refusal_) {
    finish(model::Status::kError, last_refusal_->status, model::EndedBy::kProvider);
    co_await close();
    auto headers = answer_headers(last_refusal_->content_type, true);
    for (const auto& [name, value] : last_refusal_->headers) headers.push_back({name, value});
    co_await exchange_.respond(last_refusal_->status, headers, last_refusal_->body);
    co_return;
  }
  if (!wrong_) {
    const bool late = time_left() <= Duration{};
    wrong_ =
        late ? providers::ClientError{504,
                                      "",
                                      "the time for this request is over (server.limits.request_time)",
                                      "",
                                      "request_timeout",
                                      ""}
             : providers::ClientError{
                   503,
                   "",
                   "every target that could serve this request has failed lately and rests for some seconds; try again",
                   "",
                   "providers_unavailable",
                   ""};
  }
  const model::Status status = opened_ ? model::Status::kError : model::Status::kRefused;
  co_await refuse(status, *wrong_);
}

/// Holds the worst case of one more attempt in every budget that applies; what stands in the way, if something does.
std::optional<ledger::Refusal> Flight::hold(const routing::Choice& choice) {
  const std::string& model_id = choice.target->model->id;
  const bool byok = owner_.tenant->own_keys(choice.target->provider->id) != nullptr; // then nobody is charged here
  const ledger::Amounts worst{choice.worst_case,
                              byok ? std::optional(Picodollars(0))
                                   : ledger::worst_charged(owner_.tenant->price_plan, choice.worst_case)};
  const WallTime now = gateway_.services_.clock.wall_now();
  if (reservation_.open()) {
    const auto held = reservation_.extend(model_id, worst, now);
    return held ? std::nullopt : std::optional(held.error());
  }
  auto held = gateway_.services_.budgets.reserve(subject(model_id), worst, now);
  if (!held) return held.error();
  reservation_ = std::move(*held);
  receipt_.budget = reservation_.summary(); // not what an earlier target of the chain was refused for
  return std::nullopt;
}

/// Holds the money of one more attempt, or says why not.
bool Flight::hold_money(const routing::Choice& choice) {
  auto refusal = hold(choice);
  if (refusal && tighten(choice)) refusal = hold(choice);
  if (refusal) {
    wrong_ = providers::ClientError{402, "", refusal->message(), "", "budget_exceeded", ""};
    const auto needed = refusal->needed.value_or(Picodollars(0));
    if (!reservation_.open()) {
      receipt_.budget = model::BudgetSummary{refusal->budget_id, "blocked", needed, refusal->cap, refusal->spent, {}};
    }
    return false;
  }
  worst_unknown_ = worst_unknown_ || !choice.worst_case;
  worst_so_far_ += choice.worst_case.value_or(Picodollars(0));
  return true;
}

model::AttemptReason Flight::reason_of(const routing::Choice& choice) const {
  if (tries() == 0) return model::AttemptReason::kFirst;
  if (escalate_) return model::AttemptReason::kEscalation;
  const model::Attempt& last = receipt_.attempts.back();
  const bool same = last.model_id == choice.target->model->id && last.provider == choice.target->provider->id &&
                    last.region == choice.target->endpoint->region;
  return same ? model::AttemptReason::kRetry : model::AttemptReason::kFallback;
}

Flight::LegPtr Flight::make_leg(const routing::Choice& choice, model::AttemptReason reason) {
  auto leg = std::make_shared<Leg>();
  leg->choice = &choice;
  leg->health = &gateway_.health_of(*choice.target);
  leg->record.index = static_cast<int>(receipt_.attempts.size() + running_);
  leg->record.model_id = choice.target->model->id;
  leg->record.provider = choice.target->provider->id;
  leg->record.region = choice.target->endpoint->region;
  leg->record.started_at = gateway_.services_.clock.wall_now();
  leg->recorded = gateway_.services_.clock.mono_now();
  leg->record.reason = reason;
  leg->record.span_id = gateway_.trace_ids_.span_id();
  leg->record.rewrite = rewrite_record(*choice.target);
  leg->own_keys = owner_.tenant->own_keys(choice.target->provider->id);
  leg->record.byok = leg->own_keys != nullptr;
  leg->tap = std::make_unique<providers::AnswerTap>(
      providers::upstream_endpoint(receipt_.request.endpoint, upstream_target(choice)), choice.target->dialect);
  leg->tap->keep_output();
  return leg;
}

net::Task<Flight::Outcome> Flight::try_choice(const routing::Choice& choice) {
  if (!hold_money(choice)) {
    gateway_.health_of(*choice.target).abandoned();
    co_return Outcome::kTryNext;
  }
  LegPtr leg = make_leg(choice, reason_of(choice));
  const bool may_be_brief = !opened_ && snapshot_->routing.strategy != config::Strategy::kHedge; // one leg at a time
  const bool brief = may_be_brief && announce_briefly(leg);
  Result<void> announced;
  if (!brief) announced = co_await announce(*leg);
  if (!announced) {
    leg->health->abandoned();
    wrong_ = no_receipt(announced.error());
    if (!opened_) reservation_.release();
    co_await refuse(model::Status::kRefused, *wrong_);
    co_return Outcome::kEnded;
  }
  opened_ = true;
  leg->started = leg->waited_since = gateway_.services_.clock.mono_now();
  if (!prepare(*leg)) co_return Outcome::kTryNext;
  if (may_hedge()) {
    leg = co_await race(leg);
  } else {
    std::vector<LegPtr> legs = {leg};
    watch_client(std::move(legs));
    co_await open(*leg);
  }
  co_return co_await conclude(leg);
}

} // namespace kairos::gateway
