// What becomes of an opened answer: it is relayed, or the next target is tried. One leg at a time.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/echoes.h"
#include "gateway/flight.h"
#include "providers/provider_error.h"

namespace kairos::gateway {
namespace {

constexpr std::string_view kBrokeOff = "the provider's stream broke off; what came before is not complete";
constexpr std::string_view kCutOff =
    "the provider went past the output bound that was reserved for, so the answer was cut off";

bool is_timeout(net::NetFailure failure) {
  return failure == net::NetFailure::kConnectTimeout || failure == net::NetFailure::kFirstByteTimeout ||
         failure == net::NetFailure::kIdleTimeout || failure == net::NetFailure::kTotalTimeout;
}

/// For an error inside a stream, which has no status of its own.
int status_of(providers::ErrorClass error) {
  using enum providers::ErrorClass;
  switch (error) {
  case kInvalid:
  case kContextWindow:
  case kContentPolicy:
    return 400;
  case kQuota:
  case kRateLimit:
    return 429;
  case kOverloaded:
    return 503;
  case kTimeout:
    return 504;
  default:
    return 502;
  }
}

} // namespace

net::Task<Flight::Outcome> Flight::conclude(LegPtr leg) {
  Outcome outcome = Outcome::kTryNext;
  note_left_out(leg->left_out);
  switch (leg->as) {
  case Opened::kFailed:
    outcome = call_failed(*leg, leg->failure);
    break;
  case Opened::kRefused:
    outcome = refused_by_provider(*leg);
    break;
  case Opened::kBroken:
    outcome = broken_early(*leg);
    break;
  case Opened::kWhole:
    outcome = co_await relay_whole(*leg);
    break;
  case Opened::kStream:
    outcome = co_await relay_stream(*leg);
    break;
  }
  exchange_.on_client_gone([] {});
  watched_.clear();
  const bool given_up = outcome == Outcome::kEnded && leg->as != Opened::kWhole && leg->as != Opened::kStream;
  if (given_up && exchange_.client_gone()) {
    co_await end_without_client();
  } else if (given_up) {
    co_await give_up();
  }
  co_return outcome;
}

/// The call broke before anything of the answer was passed on.
Flight::Outcome Flight::call_failed(Leg& leg, const net::CallError& error) {
  leg.record.error_type = net::name(error.failure);
  const bool client_left = error.failure == net::NetFailure::kCancelled;
  if (net::never_arrived(error.failure) || (client_left && !leg.call->sent())) {
    leg.record.usage.source = model::UsageSource::kCounted;
  } else if (leg.tap->facts().events > 0) {
    note_answer(leg, false);
  }
  end_leg(leg, client_left ? "cancelled" : is_timeout(error.failure) ? "timeout" : "error");
  if (client_left) {
    leg.health->abandoned();
    return Outcome::kEnded;
  }
  leg.health->failed(gateway_.services_.clock.mono_now());
  last_refusal_.reset();
  retry_after_ = {};
  const bool late = is_timeout(error.failure);
  if (net::never_arrived(error.failure) || error.failure == net::NetFailure::kReset)
    again_ = leg.choice; // else an answer may have been produced, and billed
  wrong_ =
      providers::ClientError{late ? 504 : 502, "", error.message, "", late ? "upstream_timeout" : "upstream_error", ""};
  return Outcome::kTryNext;
}

/// What a refusal says about the target, and about the key that was used. True: about the key alone, and another one of
/// its pool may be used at once.
bool Flight::blame(const Leg& leg, providers::ErrorClass error) {
  using enum providers::ErrorClass;
  const MonoTime now = gateway_.services_.clock.mono_now();
  const KeyPool pool = pool_of(leg);
  const bool about_key = error == kRateLimit || error == kAuth || error == kQuota;
  if (about_key && pool.keys.size() > 1) {
    const Duration asked = error == kRateLimit ? std::max(retry_after_, KeyPools::kUsualRest) : KeyPools::kRefusedRest;
    gateway_.services_.keys.rest(pool, leg.key_id, now, asked);
    if (gateway_.services_.keys.any_ready(pool, now)) {
      leg.health->abandoned();
      return true;
    }
  }
  const bool about_account = about_key && leg.own_keys != nullptr; // one tenant's says nothing about the target
  const model::Endpoint endpoint = receipt_.request.endpoint;
  const bool usual = endpoint == model::Endpoint::kChatCompletions || endpoint == model::Endpoint::kMessages;
  const bool not_here = error == kNotFound && !usual; // says nothing about the model's chats
  const bool about_request = error == kInvalid || error == kContextWindow || error == kContentPolicy || not_here;
  if (about_account || about_request) {
    leg.health->abandoned();
  } else {
    leg.health->failed(now);
  }
  return false;
}

void Flight::note_refusal(Leg& leg, providers::ErrorClass error) {
  if (error == providers::ErrorClass::kContextWindow) too_short_ = leg.choice->target->model->context_length;
  if (blame(leg, error)) {
    with_other_key_ = leg.choice;
  } else if (providers::worth_retry(error)) {
    again_ = leg.choice;
  }
}

/// Whether another target may be asked after this refusal.
bool Flight::goes_on_after(providers::ErrorClass error) const {
  const config::Fallback& fallback = snapshot_->routing.fallback;
  if (error == providers::ErrorClass::kContextWindow) return fallback.on_context_window;
  if (error == providers::ErrorClass::kContentPolicy) return fallback.on_content_policy;
  return providers::worth_fallback(error);
}

Flight::Outcome Flight::refused_by_provider(Leg& leg) {
  retry_after_ = leg.refusal.retry_after;
  hide(leg.refusal.body, leg.secret);
  const providers::ProviderError error =
      providers::read_error(leg.choice->target->dialect, leg.refusal.status, leg.refusal.body);
  leg.record.error_type = providers::name(error.error);
  leg.record.usage.source = model::UsageSource::kCounted; // a refusal is not billed
  end_leg(leg, "error");
  note_refusal(leg, error.error);
  receipt_.execution.error_code = error.code.empty() ? error.type : error.code;
  receipt_.execution.error_message = screened(error.message);
  if (leg.translated) {
    leg.refusal.content_type = "application/json";
    leg.refusal.body = providers::error_body(providers::client_dialect(receipt_.request.endpoint),
                                             providers::to_client_error(error, leg.refusal.status));
  }
  last_refusal_ = std::move(leg.refusal);
  return goes_on_after(error.error) ? Outcome::kTryNext : Outcome::kEnded;
}

/// A stream that told of an error before its first content: as a refusal, but that it has no status.
Flight::Outcome Flight::broken_early(Leg& leg) {
  providers::ProviderError error = leg.tap->facts().error.value_or(providers::ProviderError{});
  hide(error.message, leg.secret);
  leg.record.error_type = providers::name(error.error);
  leg.record.usage = leg.tap->facts().usage;
  if (leg.record.usage.source == model::UsageSource::kUnknown)
    leg.record.usage.source = model::UsageSource::kCounted; // nothing was answered
  retry_after_ = {};
  end_leg(leg, "error");
  note_refusal(leg, error.error);
  receipt_.execution.error_code = error.code.empty() ? error.type : error.code;
  receipt_.execution.error_message = screened(error.message);
  last_refusal_.reset();
  wrong_ = providers::to_client_error(error, status_of(error.error));
  return goes_on_after(error.error) ? Outcome::kTryNext : Outcome::kEnded;
}

/// `complete`: the answer came to its end, so that what the provider said of usage is all of it. Changes the leg alone.
void Flight::note_usage(Leg& leg, bool complete) {
  model::Usage& usage = leg.record.usage;
  usage = leg.tap->facts().usage;
  if (usage.source == model::UsageSource::kUnknown) return count_what_was_produced(leg);
  const std::int64_t unreported = complete ? 0 : output_seen(leg) - usage.output_total();
  if (unreported <= 0) return;
  usage[model::Meter::kOutput] += unreported; // Anthropic's streams begin with an output of 1, and end with the truth
  usage.source = model::UsageSource::kEstimated;
}

void Flight::note_answer(Leg& leg, bool complete) {
  const providers::AnswerFacts& facts = leg.tap->facts();
  leg.record.response_id = facts.response_id.substr(0, 256);
  leg.record.response_model = facts.response_model.substr(0, 256);
  receipt_.execution.finish_reason = facts.finish_reason.substr(0, 64);
  note_usage(leg, complete);
}

net::Task<Flight::Outcome> Flight::relay_whole(Leg& leg) {
  const int status = leg.call->head().status();
  std::string content_type(leg.call->head().find("content-type").value_or("application/json"));
  leg.tap->on_body(leg.answer);
  if (leg.translated && leg.tap->facts().malformed) co_return not_understood(leg);
  note_answer(leg, true);
  note_success(leg);
  const std::string_view check = wanting(leg);
  if (leg.translated) leg.answer = translated_body(leg, leg.answer, content_type);
  if (!check.empty()) {
    keep_and_escalate(leg, check, status, content_type);
    co_return Outcome::kTryNext;
  }
  end_leg(leg, "success");
  if (exchange_.client_gone()) {
    co_await end_without_client();
    co_return Outcome::kServed;
  }
  finish(model::Status::kSuccess, status, model::EndedBy::kProvider);
  co_await answer_whole(&leg, status, content_type, leg.answer);
  co_return Outcome::kServed;
}

net::Task<void> Flight::answer_whole(const Leg* leg, int status, std::string_view content_type, std::string_view body) {
  if (!co_await close()) co_return co_await withhold();
  if (leg != nullptr && !cache_key_.empty()) keep_answer(*leg, content_type, std::string(body), "");
  const auto headers = answer_headers(content_type, body.size() <= 1024 * 1024);
  co_await exchange_.respond(status, headers, body);
}

/// True once a provider that was told the bound has clearly produced more. Bytes are looked at first, since counting
/// costs: three to a token are few.
bool Flight::over_its_bound(Leg& leg) const {
  const std::int64_t bound = leg.choice->max_output_tokens * std::max<std::int64_t>(facts_.choices, 1);
  const std::int64_t bytes = leg.tap->facts().output_bytes;
  if (!budgets_.hard_cap() || bound <= 0 ||
      bytes < std::max(3 * bound + 256, leg.checked_output + leg.checked_output / 8))
    return false;
  leg.checked_output = bytes;
  return output_seen(leg) > bound + bound / 8 + 64; // the estimate's error
}

void Flight::note_success(const Leg& leg) {
  const MonoTime now = gateway_.services_.clock.mono_now();
  const auto ttft =
      leg.record.ttft_ms ? std::optional<Duration>(std::chrono::milliseconds(*leg.record.ttft_ms)) : std::nullopt;
  leg.health->succeeded(now, now - leg.started, ttft, leg.record.usage.output_total());
  const bool only_text = request_.images == 0 && request_.audio_bytes == 0 && request_.file_bytes == 0 &&
                         !request_.remote_parts && !leg.record.rewrite;
  if (only_text && leg.record.usage.source == model::UsageSource::kProvider) {
    leg.health->billed(facts_.input_tokens_est, leg.record.usage.input_total());
  }
}

net::Task<Flight::Outcome> Flight::relay_stream(Leg& leg) {
  bool started = false;
  bool writable = true;
  auto broken_by = model::EndedBy::kProvider;
  while (true) {
    keep_piece(leg, leg.out);
    if (!leg.out.empty() && writable && !started) {
      started = true;
      const auto headers = answer_headers("text/event-stream", false);
      writable = co_await exchange_.start_stream(200, headers, leg.out);
    } else if (!leg.out.empty() && writable) {
      writable = co_await exchange_.write(leg.out);
    }
    leg.out.clear();
    if (!leg.terminal.empty() || (!writable && !drains())) break;
    const auto piece = co_await leg.call->read_some();
    if (!piece && is_timeout(piece.error().failure)) broken_by = model::EndedBy::kTimeout;
    if (!piece) leg.record.error_type = net::name(piece.error().failure);
    if (!piece || !take_piece(leg, *piece)) break;
    if (!leg.terminal.empty() || !over_its_bound(leg)) continue;
    broken_by = model::EndedBy::kCap;
    leg.call->cancel();
    break;
  }
  const bool complete = !leg.terminal.empty();
  co_await finish_stream(leg, started, broken_by);
  if (complete && writable) {
    const auto rest = co_await leg.call->read_some(); // its end, so that the connection can be used again
    static_cast<void>(rest);
  }
  co_return Outcome::kServed;
}

/// CLOSE is in the journal before the client gets the dialect's last event.
net::Task<void> Flight::finish_stream(Leg& leg, bool started, model::EndedBy broken_by) {
  const bool gone = exchange_.client_gone();
  const bool complete = !leg.terminal.empty() && !leg.error_event;
  note_answer(leg, complete);
  if (complete) leg.record.error_type.clear();
  if (leg.error_event && leg.tap->facts().error) {
    providers::ProviderError error = *leg.tap->facts().error;
    hide(error.message, leg.secret);
    hide(leg.terminal, leg.secret);
    leg.record.error_type = providers::name(error.error);
    receipt_.execution.error_code = error.code.empty() ? error.type : error.code;
    receipt_.execution.error_message = screened(error.message);
  }
  end_leg(leg, complete ? "success" : gone ? "cancelled" : "interrupted");
  if (gone) {
    finish(model::Status::kCancelled, started ? 200 : 0, model::EndedBy::kClient);
  } else if (complete) {
    finish(model::Status::kSuccess, 200, model::EndedBy::kProvider);
  } else {
    finish(model::Status::kInterrupted, 200, broken_by);
  }
  if (complete) {
    note_success(leg);
  } else if (gone || broken_by == model::EndedBy::kCap) {
    leg.health->abandoned();
  } else {
    leg.health->failed(gateway_.services_.clock.mono_now());
  }
  const bool closed = co_await close();
  if (!closed) co_return exchange_.abort();
  if (gone) co_return exchange_.abort();
  std::string last;
  if (complete) {
    last = last_comment() + leg.terminal;
    keep_answer(leg, "text/event-stream", std::move(leg.kept), std::move(leg.terminal));
  } else if (leg.error_event) {
    last = std::move(leg.terminal); // the provider's own words
  } else {
    const bool cut = broken_by == model::EndedBy::kCap;
    const providers::ClientError broken{cut ? 402 : 502,
                                        "",
                                        std::string(cut ? kCutOff : kBrokeOff),
                                        "",
                                        cut ? "budget_exceeded" : "upstream_error",
                                        ""};
    const std::int64_t before = leg.translated ? leg.translated->written() : leg.tap->facts().events;
    last = providers::error_event(receipt_.request.endpoint, broken, before);
  }
  if (!started) {
    const auto headers = answer_headers("text/event-stream", false);
    if (!co_await exchange_.start_stream(200, headers)) co_return;
  }
  co_await exchange_.finish(last);
}

} // namespace kairos::gateway
