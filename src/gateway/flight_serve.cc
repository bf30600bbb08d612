#include <fmt/format.h>

#include "gateway/flight.h"
#include "net/sse.h"
#include "providers/provider_error.h"
#include "providers/upstream_request.h"

namespace kairos::gateway {
namespace {

constexpr size_t kMaxAnswer = 64 * 1024 * 1024;
constexpr size_t kMaxErrorBody = 1024 * 1024;

net::CallTimeouts timeouts_of(const config::ProviderLimits& limits) { return {limits.connect, limits.first_byte, limits.idle, limits.total}; }

/// Nothing can have been produced: the request never reached the provider.
bool never_arrived(net::NetFailure failure) {
  return failure == net::NetFailure::kConnect || failure == net::NetFailure::kTls || failure == net::NetFailure::kConnectTimeout ||
         failure == net::NetFailure::kPoolFull;
}

bool is_timeout(net::NetFailure failure) {
  return failure == net::NetFailure::kConnectTimeout || failure == net::NetFailure::kFirstByteTimeout || failure == net::NetFailure::kIdleTimeout ||
         failure == net::NetFailure::kTotalTimeout;
}

providers::UpstreamTarget upstream_target(const routing::Choice& choice) {
  providers::UpstreamTarget target;
  target.dialect = choice.target->dialect;
  target.model_id = choice.target->model->upstream_id;
  target.max_output_tokens = choice.max_output_tokens;
  target.wants_max_completion_tokens = choice.target->provider->catalog_id == "openai";
  return target;
}

} // namespace

net::Task<void> Flight::serve() {
  for (size_t i = 0; i < route_.chain.size(); ++i) {
    const bool more = i + 1 < route_.chain.size();
    const Outcome outcome = co_await try_choice(route_.chain[i], more);
    if (outcome != Outcome::kTryNext) co_return;
  }
  if (!wrong_) wrong_ = providers::ClientError{502, "", "no provider could serve the request", "", "upstream_error", ""};
  const model::Status status = opened_ ? model::Status::kError : model::Status::kRefused;
  co_await refuse(status, *wrong_);
}

/// Holds the worst case of one more attempt, or says why not.
bool Flight::hold_money(const routing::Choice& choice) {
  const std::string& model_id = choice.target->model->id;
  ledger::Amounts worst{choice.worst_case, choice.worst_case};
  if (owner_.tenant->price_plan) {
    const auto& plan = *owner_.tenant->price_plan;
    worst.charged = plan.markup && choice.worst_case ? ledger::with_markup(*choice.worst_case, ledger::Percent(*plan.markup)) : std::nullopt;
    if (!plan.prices.empty()) worst.charged.reset(); // own prices have no worst case here
  }
  const auto refused = [&](const ledger::Refusal& refusal) {
    wrong_ = providers::ClientError{402, "", refusal.message(), "", "budget_exceeded", ""};
    receipt_.budget = model::BudgetSummary{refusal.budget_id, "blocked", refusal.needed.value_or(Picodollars(0)), refusal.cap, refusal.spent, {}};
    return false;
  };
  const WallTime now = gateway_.services_.clock.wall_now();
  if (!reservation_.open()) {
    auto held = gateway_.services_.budgets.reserve(subject(model_id), worst, now);
    if (!held) return refused(held.error());
    reservation_ = std::move(*held);
    if (auto summary = reservation_.summary()) receipt_.budget = *summary;
  } else if (auto held = reservation_.extend(model_id, worst, now); !held) {
    return refused(held.error());
  }
  worst_unknown_ = worst_unknown_ || !choice.worst_case;
  worst_so_far_ += choice.worst_case.value_or(Picodollars(0));
  return true;
}

net::Task<Flight::Outcome> Flight::try_choice(const routing::Choice& choice, bool more) {
  if (!hold_money(choice)) co_return Outcome::kTryNext;
  Leg leg;
  leg.choice = &choice;
  leg.record.index = static_cast<int>(receipt_.attempts.size());
  leg.record.model_id = choice.target->model->id;
  leg.record.provider = choice.target->provider->id;
  leg.record.region = choice.target->endpoint->region;
  leg.record.started_at = gateway_.services_.clock.wall_now();
  leg.record.reason = receipt_.attempts.empty() ? model::AttemptReason::kFirst : model::AttemptReason::kFallback;
  leg.record.span_id = gateway_.trace_ids_.span_id();
  leg.tap = std::make_unique<providers::AnswerTap>(receipt_.request.endpoint, choice.target->dialect);
  leg.tap->keep_output();
  const auto announced = co_await announce(leg);
  if (!announced) {
    wrong_ = providers::ClientError{503, "", "the receipt cannot be written, so the request is refused: " + announced.error().message, "", "receipt_unavailable", ""};
    if (!opened_) reservation_.release();
    co_await refuse(model::Status::kRefused, *wrong_);
    co_return Outcome::kEnded;
  }
  opened_ = true;
  leg.started = gateway_.services_.clock.mono_now();
  const Outcome outcome = co_await dispatch(leg, more);
  upstream_time_ += gateway_.services_.clock.mono_now() - leg.started;
  co_return outcome;
}

net::Task<Flight::Outcome> Flight::dispatch(Leg& leg, bool more) {
  const config::Target& target = *leg.choice->target;
  const auto body = providers::upstream_body(request_, body_, upstream_target(*leg.choice));
  const auto url = net::parse_url(target.endpoint->base_url);
  if (!body || !url) {
    wrong_ = body ? providers::ClientError{500, "", url.error().message, "", "", ""}
                  : providers::ClientError{400, "", body.error().error.message, body.error().param, "", ""};
    leg.record.error_type = "invalid";
    leg.record.usage.source = model::UsageSource::kCounted;
    end_leg(leg, "error");
    co_return Outcome::kTryNext;
  }
  providers::Headers from_client;
  const net::Head& head = exchange_.head();
  for (size_t i = 0; i < head.field_count(); ++i) {
    if (providers::forwarded_header(target.dialect, head.field(i).name)) from_client.emplace_back(head.field(i).name, head.field(i).value);
  }
  const std::string_view key = target.provider->keys.empty() ? std::string_view{} : std::string_view(target.provider->keys.front().secret.reveal());
  providers::Headers headers = providers::upstream_headers(target.dialect, key, from_client);
  headers.insert(headers.end(), target.provider->headers.begin(), target.provider->headers.end());
  const std::string path = url->path + providers::upstream_path(receipt_.request.endpoint, upstream_target(*leg.choice));
  net::ClientRequest request;
  request.target = path;
  request.body = *body;
  for (const auto& [name, value] : headers) request.headers.push_back({name, value});
  net::Origin origin = url->origin;
  origin.ca_file = target.provider->ca_file;
  net::Call call(gateway_.client_, std::move(origin), timeouts_of(target.provider->limits));
  exchange_.on_client_gone([&call] { call.cancel(); });
  Outcome outcome = Outcome::kTryNext;
  const auto sent = co_await call.send(request);
  if (!sent) {
    outcome = call_failed(leg, sent.error(), more);
  } else {
    const int status = call.head().status();
    const bool events = call.head().find("content-type").value_or("").starts_with("text/event-stream");
    leg.record.http_status = status;
    if (status / 100 != 2) {
      outcome = co_await refused_by_provider(leg, call, more);
    } else if (events) {
      outcome = co_await relay_stream(leg, call, more);
    } else {
      outcome = co_await relay_whole(leg, call, more);
    }
  }
  exchange_.on_client_gone([] {});
  if (outcome == Outcome::kEnded && receipt_.execution.status == model::Status::kCancelled && receipt_.completed_at == WallTime{}) co_await close();
  co_return outcome;
}

/// The call broke before anything of the answer was passed on.
Flight::Outcome Flight::call_failed(Leg& leg, const net::CallError& error, bool) {
  leg.record.error_type = net::name(error.failure);
  if (never_arrived(error.failure)) leg.record.usage.source = model::UsageSource::kCounted;
  const bool client_left = error.failure == net::NetFailure::kCancelled;
  end_leg(leg, client_left ? "cancelled" : is_timeout(error.failure) ? "timeout" : "error");
  if (client_left) {
    finish(model::Status::kCancelled, 0, model::EndedBy::kClient);
    return Outcome::kEnded;
  }
  const bool late = is_timeout(error.failure);
  wrong_ = providers::ClientError{late ? 504 : 502, "", error.message, "", late ? "upstream_timeout" : "upstream_error", ""};
  return Outcome::kTryNext;
}

net::Task<Flight::Outcome> Flight::refused_by_provider(Leg& leg, net::Call& call, bool more) {
  const int status = call.head().status();
  std::string content_type(call.head().find("content-type").value_or("application/json"));
  auto body = co_await call.read_all(kMaxErrorBody);
  const std::string text = body ? *body : std::string();
  const providers::ProviderError error = providers::read_error(leg.choice->target->dialect, status, text);
  leg.record.error_type = providers::name(error.error);
  leg.record.usage.source = model::UsageSource::kCounted; // a refusal is not billed
  end_leg(leg, "error");
  receipt_.execution.error_code = error.code.empty() ? error.type : error.code;
  receipt_.execution.error_message = error.message.substr(0, 500);
  wrong_ = providers::to_client_error(error, status);
  if (more && providers::worth_fallback(error.error)) co_return Outcome::kTryNext;
  co_return co_await pass_on_refusal(leg, status, text, std::move(content_type));
}

/// What the provider said reaches the client as it is.
net::Task<Flight::Outcome> Flight::pass_on_refusal(Leg&, int status, std::string body, std::string content_type) {
  finish(model::Status::kError, status, model::EndedBy::kProvider);
  co_await close();
  const auto headers = answer_headers(content_type, true);
  co_await exchange_.respond(status, headers, body);
  co_return Outcome::kEnded;
}

void Flight::note_answer(Leg& leg) {
  const providers::AnswerFacts& facts = leg.tap->facts();
  leg.record.response_id = facts.response_id.substr(0, 256);
  leg.record.response_model = facts.response_model.substr(0, 256);
  leg.record.usage = facts.usage;
  receipt_.execution.finish_reason = facts.finish_reason.substr(0, 64);
  if (leg.record.usage.source == model::UsageSource::kUnknown) count_what_was_produced(leg);
}

net::Task<Flight::Outcome> Flight::relay_whole(Leg& leg, net::Call& call, bool more) {
  const int status = call.head().status();
  const std::string content_type(call.head().find("content-type").value_or("application/json"));
  auto body = co_await call.read_all(kMaxAnswer);
  if (!body) co_return call_failed(leg, body.error(), more);
  leg.tap->on_body(*body);
  note_answer(leg);
  end_leg(leg, "success");
  finish(model::Status::kSuccess, status, model::EndedBy::kProvider);
  if (!co_await close()) {
    const net::ResponseHeaders plain = {{"Content-Type", "application/json"}};
    const providers::ClientError lost{503, "", "the receipt cannot be written, so the answer is withheld", "", "receipt_unavailable", ""};
    const std::string text = providers::error_body(providers::client_dialect(receipt_.request.endpoint), lost);
    co_await exchange_.respond(503, plain, text);
    co_return Outcome::kEnded;
  }
  const auto headers = answer_headers(content_type, body->size() <= 1024 * 1024);
  co_await exchange_.respond(status, headers, *body);
  co_return Outcome::kServed;
}

void Flight::take_events(Leg& leg, RawEvents& events, std::string& out, std::string& terminal) {
  while (terminal.empty()) {
    const auto raw = events.next();
    if (!raw) return;
    net::SseReader reader;
    const auto fed = reader.feed(*raw);
    const auto event = fed ? reader.next() : std::nullopt;
    if (!event) {
      out.append(*raw); // a comment
      continue;
    }
    const providers::EventKind kind = leg.tap->on_event(event->event, event->data);
    if (kind == providers::EventKind::kContent && !leg.record.ttft_ms) {
      leg.record.ttft_ms = std::chrono::duration_cast<std::chrono::milliseconds>(gateway_.services_.clock.mono_now() - leg.started).count();
    }
    if (kind == providers::EventKind::kUsageOnly && !request_.include_usage) continue;
    (kind == providers::EventKind::kTerminal ? terminal : out).append(*raw);
  }
}

net::Task<Flight::Outcome> Flight::relay_stream(Leg& leg, net::Call& call, bool more) {
  RawEvents events;
  std::string out;
  std::string terminal;
  bool started = false;
  bool writable = true;
  while (terminal.empty() && writable) {
    const auto piece = co_await call.read_some();
    const bool ended = !piece || piece->empty() || !events.feed(*piece);
    if (!started && !piece) co_return call_failed(leg, piece.error(), more);
    if (ended) break;
    out.clear();
    take_events(leg, events, out, terminal);
    if (out.empty()) continue;
    if (!started) {
      started = true;
      const auto headers = answer_headers("text/event-stream", false);
      writable = co_await exchange_.start_stream(200, headers, out);
    } else {
      writable = co_await exchange_.write(out);
    }
  }
  co_await finish_stream(leg, started, terminal);
  if (!terminal.empty() && writable) {
    const auto rest = co_await call.read_some(); // its end, so that the connection can be used again
    static_cast<void>(rest);
  }
  co_return Outcome::kServed;
}

/// CLOSE is in the journal before the client gets the dialect's last event.
net::Task<void> Flight::finish_stream(Leg& leg, bool started, std::string terminal) {
  note_answer(leg);
  const bool gone = exchange_.client_gone();
  const bool complete = !terminal.empty();
  end_leg(leg, complete ? "success" : gone ? "cancelled" : "interrupted");
  if (complete) {
    finish(model::Status::kSuccess, 200, model::EndedBy::kProvider);
  } else if (gone) {
    finish(model::Status::kCancelled, 200, model::EndedBy::kClient);
  } else {
    finish(model::Status::kInterrupted, 200, model::EndedBy::kProvider);
  }
  const bool closed = co_await close();
  if (!closed) co_return exchange_.abort();
  std::string last;
  if (complete) {
    const std::string cost = receipt_.cost.total ? usd(*receipt_.cost.total) : "null";
    last = fmt::format(": kairosroute {{\"receipt_id\":\"{}\",\"cost_usd\":{}}}\n\n", receipt_.receipt_id, cost);
    last += terminal;
  } else {
    const providers::ClientError broken{502, "", "the provider's stream broke off; what came before is not complete", "", "upstream_error", ""};
    last = providers::error_event(receipt_.request.endpoint, broken);
  }
  if (!started) {
    const auto headers = answer_headers("text/event-stream", false);
    if (!co_await exchange_.start_stream(200, headers)) co_return;
  }
  co_await exchange_.finish(last);
}

} // namespace kairos::gateway
