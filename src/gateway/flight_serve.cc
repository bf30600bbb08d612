#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "gateway/flight.h"
#include "net/sse.h"
#include "providers/provider_error.h"
#include "providers/upstream_request.h"
#include "tokens/estimate.h"

namespace kairos::gateway {
namespace {

constexpr size_t kMaxAnswer = 64 * 1024 * 1024;
constexpr size_t kMaxErrorBody = 1024 * 1024;
/// Of a refusal's headers: what SDKs act on, and what a provider's support asks for.
constexpr std::array<std::string_view, 5> kPassedOn = {"retry-after", "retry-after-ms", "x-should-retry",
                                                       "x-request-id", "request-id"};

constexpr std::string_view kBrokeOff = "the provider's stream broke off; what came before is not complete";
constexpr std::string_view kCutOff =
    "the provider went past the output bound that was reserved for, so the answer was cut off";

net::CallTimeouts timeouts_of(const config::ProviderLimits& limits) {
  return {limits.connect, limits.first_byte, limits.idle, limits.total};
}

/// Nothing can have been produced: the request never reached the provider.
bool never_arrived(net::NetFailure failure) {
  return failure == net::NetFailure::kConnect || failure == net::NetFailure::kTls ||
         failure == net::NetFailure::kConnectTimeout || failure == net::NetFailure::kPoolFull;
}

bool is_timeout(net::NetFailure failure) {
  return failure == net::NetFailure::kConnectTimeout || failure == net::NetFailure::kFirstByteTimeout ||
         failure == net::NetFailure::kIdleTimeout || failure == net::NetFailure::kTotalTimeout;
}

/// RFC 9110: seconds or a date; anything else and what lies in the past is nothing.
Duration retry_after(std::string_view text, WallTime now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size())
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 86'400));
  std::tm date{};
  const std::string copy(text);
  if (strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return {};
  const auto then = std::chrono::system_clock::from_time_t(timegm(&date));
  return std::max(Duration{}, std::chrono::duration_cast<Duration>(then - now));
}

} // namespace

net::Task<Flight::Outcome> Flight::dispatch(Leg& leg) {
  const config::Target& target = *leg.choice->target;
  const auto changed = leg.record.rewrite ? rewritten(rewrite_mask(target)) : std::nullopt;
  auto body = make_upstream_body(changed ? changed->request : request_, changed ? changed->body : body_,
                                 upstream_target(*leg.choice), leg.record.started_at, receipt_.receipt_id);
  const Upstream& upstream = gateway_.upstream_of(snapshot_, target);
  if (!body || !upstream.wrong.empty()) {
    wrong_ = body ? providers::ClientError{500, "", upstream.wrong, "", "", ""}
                  : providers::ClientError{400, "", body.error().error.message, body.error().param, "", ""};
    leg.health->abandoned();
    leg.record.error_type = "invalid";
    leg.record.usage.source = model::UsageSource::kCounted;
    end_leg(leg, "error");
    co_return Outcome::kTryNext;
  }
  leg.translated = std::move(body->answer);
  note_left_out(body->left_out);
  providers::Headers from_client;
  const net::Head& head = exchange_.head();
  for (size_t i = 0; i < head.field_count(); ++i) {
    if (providers::forwarded_header(target.dialect, head.field(i).name))
      from_client.emplace_back(head.field(i).name, head.field(i).value);
  }
  const config::ProviderKey* pooled = gateway_.services_.keys.pick(pool_of(leg), leg.started);
  if (pooled != nullptr) leg.key_id = pooled->id;
  const bool sent_as_it_is = pooled != nullptr && !pooled->aws;
  const std::string_view key = sent_as_it_is ? std::string_view(pooled->secret.reveal()) : std::string_view{};
  const providers::UpstreamTarget place = upstream_target(*leg.choice);
  providers::Headers headers = providers::upstream_headers(place, key, from_client);
  headers.insert(headers.end(), target.provider->headers.begin(), target.provider->headers.end());
  forward_trace(target.provider->forward, receipt_.trace, leg.record.span_id, head, headers);
  const std::string path = upstream.path + providers::upstream_path(receipt_.request.endpoint, place, request_.stream);
  sign_request(target, pooled, upstream.origin, path, body->bytes, gateway_.services_.clock.wall_now(), headers);
  net::ClientRequest request;
  request.target = path;
  request.body = body->bytes;
  for (const auto& [name, value] : headers) request.headers.push_back({name, value});
  net::CallTimeouts timeouts = timeouts_of(target.provider->limits);
  timeouts.total = std::min(timeouts.total, time_left());
  net::Call call(gateway_.client_, upstream.origin, timeouts);
  exchange_.on_client_gone([&call] { call.cancel(); });
  Outcome outcome = Outcome::kTryNext;
  const auto sent = co_await call.send(request);
  if (!sent) {
    outcome = call_failed(leg, sent.error());
  } else {
    const int status = call.head().status();
    const std::string_view type = call.head().find("content-type").value_or("");
    if (type.starts_with(kEventStreamType)) leg.frames = std::make_unique<net::EventStreamReader>();
    const bool events = leg.frames != nullptr || type.starts_with("text/event-stream");
    leg.record.http_status = status;
    if (status / 100 != 2) {
      outcome = co_await refused_by_provider(leg, call);
    } else if (events) {
      outcome = co_await relay_stream(leg, call);
    } else {
      outcome = co_await relay_whole(leg, call);
    }
  }
  exchange_.on_client_gone([] {});
  if (outcome == Outcome::kEnded && receipt_.execution.status == model::Status::kCancelled &&
      receipt_.completed_at == WallTime{})
    co_await close();
  co_return outcome;
}

/// The call broke before anything of the answer was passed on.
Flight::Outcome Flight::call_failed(Leg& leg, const net::CallError& error) {
  leg.record.error_type = net::name(error.failure);
  if (never_arrived(error.failure)) leg.record.usage.source = model::UsageSource::kCounted;
  const bool client_left = error.failure == net::NetFailure::kCancelled;
  end_leg(leg, client_left ? "cancelled" : is_timeout(error.failure) ? "timeout" : "error");
  if (client_left) {
    leg.health->abandoned();
    finish(model::Status::kCancelled, 0, model::EndedBy::kClient);
    return Outcome::kEnded;
  }
  leg.health->failed(gateway_.services_.clock.mono_now());
  last_refusal_.reset();
  retry_after_ = {};
  const bool late = is_timeout(error.failure);
  if (never_arrived(error.failure) || error.failure == net::NetFailure::kReset)
    again_ = leg.choice; // else an answer may have been produced, and billed
  wrong_ =
      providers::ClientError{late ? 504 : 502, "", error.message, "", late ? "upstream_timeout" : "upstream_error", ""};
  return Outcome::kTryNext;
}

/// What a refusal says about the target, and about the key that was used.
void Flight::note_refusal(Leg& leg, providers::ErrorClass error) {
  using enum providers::ErrorClass;
  const MonoTime now = gateway_.services_.clock.mono_now();
  const KeyPool pool = pool_of(leg);
  const bool about_key = error == kRateLimit || error == kAuth || error == kQuota;
  if (about_key && pool.keys.size() > 1) {
    const Duration asked = error == kRateLimit ? std::max(retry_after_, KeyPools::kUsualRest) : KeyPools::kRefusedRest;
    gateway_.services_.keys.rest(pool, leg.key_id, now, asked);
    if (gateway_.services_.keys.any_ready(pool, now)) {
      with_other_key_ = leg.choice;
      return leg.health->abandoned();
    }
  }
  if (about_key && leg.own_keys != nullptr) { // one tenant's account says nothing about the target
    if (providers::worth_retry(error)) again_ = leg.choice;
    return leg.health->abandoned();
  }
  const model::Endpoint endpoint = receipt_.request.endpoint;
  const bool usual = endpoint == model::Endpoint::kChatCompletions || endpoint == model::Endpoint::kMessages;
  const bool not_here = error == kNotFound && !usual; // says nothing about the model's chats
  const bool about_request = error == kInvalid || error == kContextWindow || error == kContentPolicy || not_here;
  if (about_request) return leg.health->abandoned();
  leg.health->failed(now);
  if (providers::worth_retry(error)) again_ = leg.choice;
}

net::Task<Flight::Outcome> Flight::refused_by_provider(Leg& leg, net::Call& call) {
  Refusal refusal;
  refusal.status = call.head().status();
  refusal.content_type = call.head().find("content-type").value_or("application/json");
  for (const std::string_view name : kPassedOn) {
    if (const auto value = call.head().find(name)) refusal.headers.emplace_back(name, *value);
  }
  retry_after_ = retry_after(call.head().find("retry-after").value_or(""), gateway_.services_.clock.wall_now());
  auto body = co_await call.read_all(kMaxErrorBody);
  if (body) refusal.body = std::move(*body);
  const providers::ProviderError error =
      providers::read_error(leg.choice->target->dialect, refusal.status, refusal.body);
  leg.record.error_type = providers::name(error.error);
  leg.record.usage.source = model::UsageSource::kCounted; // a refusal is not billed
  end_leg(leg, "error");
  note_refusal(leg, error.error);
  receipt_.execution.error_code = error.code.empty() ? error.type : error.code;
  receipt_.execution.error_message = screened(error.message);
  if (leg.translated) {
    refusal.content_type = "application/json";
    refusal.body = providers::error_body(providers::client_dialect(receipt_.request.endpoint),
                                         providers::to_client_error(error, refusal.status));
  }
  last_refusal_ = std::move(refusal);
  if (providers::worth_fallback(error.error)) co_return Outcome::kTryNext;
  co_await give_up();
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

net::Task<Flight::Outcome> Flight::relay_whole(Leg& leg, net::Call& call) {
  const int status = call.head().status();
  std::string content_type(call.head().find("content-type").value_or("application/json"));
  auto body = co_await call.read_all(kMaxAnswer);
  if (!body) co_return call_failed(leg, body.error());
  leg.tap->on_body(*body);
  if (leg.translated && leg.tap->facts().malformed) co_return not_understood(leg);
  note_answer(leg);
  if (leg.translated) *body = translated_body(leg, *body, content_type);
  end_leg(leg, "success");
  note_success(leg);
  finish(model::Status::kSuccess, status, model::EndedBy::kProvider);
  if (!co_await close()) {
    const net::ResponseHeaders plain = {{"Content-Type", "application/json"}};
    const providers::ClientError lost{
        503, "", "the receipt cannot be written, so the answer is withheld", "", "receipt_unavailable", ""};
    const std::string text = providers::error_body(providers::client_dialect(receipt_.request.endpoint), lost);
    co_await exchange_.respond(503, plain, text);
    co_return Outcome::kEnded;
  }
  if (!cache_key_.empty()) keep_answer(leg, content_type, *body, "");
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
    take_event(leg, event->event, event->data, *raw, out, terminal);
  }
}

/// One event; `raw` is what it came as.
void Flight::take_event(Leg& leg, std::string_view name, std::string_view data, std::string_view raw, std::string& out,
                        std::string& terminal) {
  const providers::EventKind kind = leg.tap->on_event(name, data);
  if (kind == providers::EventKind::kContent && !leg.record.ttft_ms) {
    leg.record.ttft_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(gateway_.services_.clock.mono_now() - leg.started)
            .count();
  }
  if (leg.translated) return translate_event(leg, kind, name, data, out, terminal);
  if (kind == providers::EventKind::kUsageOnly && !request_.include_usage) return;
  (kind == providers::EventKind::kTerminal ? terminal : out).append(raw);
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
  const auto kept = static_cast<std::int64_t>(leg.tap->output().size());
  const std::int64_t tokens = tokens::estimate(leg.tap->output()) + std::max<std::int64_t>(bytes - kept, 0) / 4;
  return tokens > bound + bound / 8 + 64; // the estimate's error
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

net::Task<Flight::Outcome> Flight::relay_stream(Leg& leg, net::Call& call) {
  RawEvents events;
  std::string out;
  std::string terminal;
  bool started = false;
  bool writable = true;
  auto broken_by = model::EndedBy::kProvider;
  while (terminal.empty() && writable) {
    const auto piece = co_await call.read_some();
    if (!started && !piece) co_return call_failed(leg, piece.error());
    if (!piece && is_timeout(piece.error().failure)) broken_by = model::EndedBy::kTimeout;
    if (!piece) break;
    out.clear();
    if (piece->empty()) {
      if (!end_without_last_event(leg, out, terminal)) break;
    } else if (leg.frames) {
      if (!take_frames(leg, *piece, out, terminal)) break;
    } else {
      if (!events.feed(*piece)) break;
      take_events(leg, events, out, terminal);
    }
    keep_piece(leg, out);
    if (terminal.empty() && over_its_bound(leg)) {
      broken_by = model::EndedBy::kCap;
      call.cancel();
      break;
    }
    if (out.empty()) continue;
    if (!started) {
      started = true;
      const auto headers = answer_headers("text/event-stream", false);
      writable = co_await exchange_.start_stream(200, headers, out);
    } else {
      writable = co_await exchange_.write(out);
    }
  }
  co_await finish_stream(leg, started, terminal, broken_by);
  if (!terminal.empty() && writable) {
    const auto rest = co_await call.read_some(); // its end, so that the connection can be used again
    static_cast<void>(rest);
  }
  co_return Outcome::kServed;
}

/// CLOSE is in the journal before the client gets the dialect's last event.
net::Task<void> Flight::finish_stream(Leg& leg, bool started, std::string terminal, model::EndedBy broken_by) {
  note_answer(leg);
  const bool gone = exchange_.client_gone();
  const bool complete = !terminal.empty();
  end_leg(leg, complete ? "success" : gone ? "cancelled" : "interrupted");
  if (complete) {
    finish(model::Status::kSuccess, 200, model::EndedBy::kProvider);
  } else if (gone) {
    finish(model::Status::kCancelled, 200, model::EndedBy::kClient);
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
  std::string last;
  if (complete) {
    last = last_comment() + terminal;
    keep_answer(leg, "text/event-stream", std::move(leg.kept), std::move(terminal));
  } else {
    const bool cut = broken_by == model::EndedBy::kCap;
    providers::ClientError broken{cut ? 402 : 502,
                                  "",
                                  std::string(cut ? kCutOff : kBrokeOff),
                                  "",
                                  cut ? "budget_exceeded" : "upstream_error",
                                  ""};
    if (const auto& error = leg.tap->facts().error; leg.translated && error && !cut)
      broken = providers::to_client_error(*error, 502);
    const auto& facts = leg.tap->facts();
    const std::int64_t before = leg.translated ? leg.translated->written() : facts.events;
    const bool told = facts.error && !leg.translated; // by the provider itself
    if (!told || cut) last = providers::error_event(receipt_.request.endpoint, broken, before);
  }
  if (!started) {
    const auto headers = answer_headers("text/event-stream", false);
    if (!co_await exchange_.start_stream(200, headers)) co_return;
  }
  co_await exchange_.finish(last);
}

} // namespace kairos::gateway
