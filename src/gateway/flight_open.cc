// Asking a provider: the request's bytes, and the answer up to what can be passed on: the whole of it, or a stream's
// first content. What comes before (a role, pings) is held back, so that a stream which breaks there may still be
// replaced by another target's. Opening touches nothing but its leg.
#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "gateway/flight.h"
#include "net/sse.h"
#include "providers/upstream_request.h"

namespace kairos::gateway {
namespace {

constexpr size_t kMaxAnswer = 64 * 1024 * 1024;
constexpr size_t kMaxErrorBody = 1024 * 1024;
constexpr size_t kMostHeldBack = 256 * 1024; // of a stream without content; then it is passed on as it is
/// Of a refusal's headers: what SDKs act on, and what a provider's support asks for.
constexpr std::array<std::string_view, 5> kPassedOn = {"retry-after", "retry-after-ms", "x-should-retry",
                                                       "x-request-id", "request-id"};

net::CallTimeouts timeouts_of(const config::ProviderLimits& limits) {
  return {limits.connect, limits.first_byte, limits.idle, limits.total};
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

/// Makes the request for the provider. False: it cannot be made; the attempt has ended and wrong_ says why.
bool Flight::prepare(Leg& leg) {
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
    return false;
  }
  leg.body = std::move(body->bytes);
  leg.translated = std::move(body->answer);
  leg.left_out = std::move(body->left_out);
  providers::Headers from_client;
  const net::Head& head = exchange_.head();
  for (size_t i = 0; i < head.field_count(); ++i) {
    if (providers::forwarded_header(target.dialect, head.field(i).name))
      from_client.emplace_back(head.field(i).name, head.field(i).value);
  }
  const config::ProviderKey* pooled = gateway_.services_.keys.pick(pool_of(leg), leg.started);
  if (pooled != nullptr) leg.key_id = pooled->id;
  if (pooled != nullptr) leg.secret = pooled->secret.reveal();
  const bool sent_as_it_is = pooled != nullptr && !pooled->aws;
  const std::string_view key = sent_as_it_is ? leg.secret : std::string_view{};
  const providers::UpstreamTarget place = upstream_target(*leg.choice);
  leg.headers = providers::upstream_headers(place, key, from_client);
  leg.headers.insert(leg.headers.end(), target.provider->headers.begin(), target.provider->headers.end());
  forward_trace(target.provider->forward, receipt_.trace, leg.record.span_id, head, leg.headers);
  leg.path = upstream.path + providers::upstream_path(receipt_.request.endpoint, place, request_.stream);
  sign_request(target, pooled, upstream.origin, leg.path, leg.body, gateway_.services_.clock.wall_now(), leg.headers);
  net::CallTimeouts timeouts = timeouts_of(target.provider->limits);
  timeouts.total = std::min(timeouts.total, time_left());
  leg.call = std::make_unique<net::Call>(gateway_.client_, upstream.origin, timeouts);
  return true;
}

net::Task<void> Flight::open(Leg& leg) {
  net::ClientRequest request;
  request.target = leg.path;
  request.body = leg.body;
  request.headers.reserve(leg.headers.size());
  for (const auto& [name, value] : leg.headers) request.headers.push_back({name, value});
  if (announced_briefly_) request.on_sent = [this] { prepare_announcement(); };
  const auto sent = co_await leg.call->send(request);
  if (!sent) {
    leg.failure = sent.error();
    co_return;
  }
  const int status = leg.call->head().status();
  leg.record.http_status = status;
  if (status / 100 != 2) co_return co_await open_refusal(leg);
  const std::string_view type = leg.call->head().find("content-type").value_or("");
  if (type.starts_with(kEventStreamType)) leg.frames = std::make_unique<net::EventStreamReader>();
  if (leg.frames || type.starts_with("text/event-stream")) co_return co_await open_stream(leg);
  auto body = co_await leg.call->read_all(kMaxAnswer);
  if (!body) {
    leg.failure = body.error();
    co_return;
  }
  leg.as = Opened::kWhole;
  leg.answer = std::move(*body);
}

net::Task<void> Flight::open_refusal(Leg& leg) {
  const net::Head& head = leg.call->head();
  leg.as = Opened::kRefused;
  leg.refusal.status = head.status();
  leg.refusal.content_type = head.find("content-type").value_or("application/json");
  for (const std::string_view name : kPassedOn) {
    if (const auto value = head.find(name)) leg.refusal.headers.emplace_back(name, *value);
  }
  leg.refusal.retry_after = retry_after(head.find("retry-after").value_or(""), gateway_.services_.clock.wall_now());
  auto body = co_await leg.call->read_all(kMaxErrorBody);
  if (body) leg.refusal.body = std::move(*body);
}

net::Task<void> Flight::open_stream(Leg& leg) {
  bool begun = false;
  while (!begun) {
    const auto piece = co_await leg.call->read_some();
    if (!piece) {
      leg.failure = piece.error();
      co_return;
    }
    if (!take_piece(leg, *piece)) {
      leg.failure = {net::NetFailure::kTruncated, "the provider's stream ended before it had begun to answer"};
      co_return;
    }
    begun = leg.record.ttft_ms || !leg.terminal.empty() || leg.out.size() > kMostHeldBack;
  }
  leg.as = leg.error_event && !leg.record.ttft_ms ? Opened::kBroken : Opened::kStream;
}

/// What has come of a stream; empty: it has ended. False: nothing more can be made of it.
bool Flight::take_piece(Leg& leg, std::string_view piece) {
  if (piece.empty()) return end_without_last_event(leg);
  if (leg.frames) return take_frames(leg, piece);
  if (!leg.events.feed(piece)) return false;
  take_events(leg);
  return true;
}

/// Sorts what has come into what is passed on now (`out`) and the last event, which is held back.
void Flight::take_events(Leg& leg) {
  while (leg.terminal.empty()) {
    const auto raw = leg.events.next();
    if (!raw) return;
    net::SseReader reader;
    const auto fed = reader.feed(*raw);
    const auto event = fed ? reader.next() : std::nullopt;
    if (!event) {
      leg.out.append(*raw); // a comment
      continue;
    }
    take_event(leg, event->event, event->data, *raw);
  }
}

/// One event; `raw` is what it came as.
void Flight::take_event(Leg& leg, std::string_view name, std::string_view data, std::string_view raw) {
  const providers::EventKind kind = leg.tap->on_event(name, data);
  if (kind == providers::EventKind::kContent && !leg.record.ttft_ms) {
    leg.record.ttft_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(gateway_.services_.clock.mono_now() - leg.started)
            .count();
  }
  leg.error_event = kind == providers::EventKind::kError; // nothing good follows it
  if (leg.translated) return translate_event(leg, kind, name, data);
  if (kind == providers::EventKind::kUsageOnly && !request_.include_usage) return;
  const bool last = kind == providers::EventKind::kTerminal || leg.error_event;
  (last ? leg.terminal : leg.out).append(raw);
}

/// Until the handler returns: what happens to these calls when the client leaves.
void Flight::watch_client(std::vector<LegPtr> legs) {
  watched_ = std::move(legs);
  exchange_.on_client_gone([this] { client_left(); });
}

void Flight::client_left() {
  if (!drains()) {
    for (const LegPtr& leg : watched_) {
      if (leg->call) leg->call->cancel();
    }
  }
}

/// The client is gone: whether the answer is read to its end all the same, and for how long at most.
bool Flight::drains() {
  if (snapshot_->routing.on_client_gone != config::OnClientGone::kDrain) return false;
  if (std::exchange(draining_, true)) return true;
  for (const LegPtr& leg : watched_) {
    exchange_.loop().after(snapshot_->routing.drain_time, [weak = std::weak_ptr<Leg>(leg)] {
      if (const LegPtr still = weak.lock(); still && still->call) still->call->cancel();
    });
  }
  return true;
}

} // namespace kairos::gateway
