// The strategy cascade: the cheapest model answers, and where its answer does not do, the next better one is asked too.
// Whole answers only. All attempts are on the receipt; the client gets the last answer that came.
#include <algorithm>

#include "gateway/answer_checks.h"
#include "gateway/flight.h"

namespace kairos::gateway {

/// Which check the answer does not pass; empty: it does, or there is no better model to be asked.
std::string_view Flight::wanting(const Leg& leg) const {
  const config::Routing& routing = snapshot_->routing;
  if (routing.strategy != config::Strategy::kCascade || facts_.pinned() || exchange_.client_gone()) return {};
  if (tries() + 1 >= static_cast<size_t>(routing.fallback.max_attempts)) return {};
  const bool more = std::any_of(route_.chain.begin() + static_cast<std::ptrdiff_t>(next_), route_.chain.end(),
                                [](const routing::Choice& choice) { return choice.better; });
  if (!more) return {};
  return unsatisfying(routing.cascade, leg.tap->facts().finish_reason, leg.answer, request_.wants_json);
}

/// The answer is kept, and the next better model is to be asked. Its attempt is on the receipt then.
void Flight::keep_and_escalate(Leg& leg, std::string_view check, int status, std::string_view content_type) {
  leg.record.escalated_for = check;
  end_leg(leg, "success");
  kept_ =
      KeptAnswer{status, std::string(content_type), std::move(leg.answer), receipt_.execution.finish_reason, served_};
  escalate_ = true;
}

/// No better answer came: the last one that did is the client's after all.
net::Task<void> Flight::serve_kept() {
  const model::Attempt& attempt = receipt_.attempts[kept_->attempt];
  served_ = kept_->attempt;
  receipt_.execution.model_id = attempt.model_id;
  receipt_.execution.provider = attempt.provider;
  receipt_.execution.region = attempt.region;
  receipt_.execution.finish_reason = kept_->finish_reason;
  finish(model::Status::kSuccess, kept_->status, model::EndedBy::kProvider);
  co_await answer_whole(nullptr, kept_->status, kept_->content_type, kept_->body);
}

} // namespace kairos::gateway
