// The delivering half of Service.
#include <fmt/format.h>

#include <algorithm>

#include "alerts/retry.h"
#include "alerts/service_impl.h"
#include "config/tenant.h"
#include "model/json_writer.h"
#include "observe/log.h"

namespace kairos::alerts {
namespace {

constexpr size_t kMaxRunning = 16;
constexpr Duration kSlackPace = std::chrono::seconds(1); // Slack takes about one message a second from a hook

std::string log_line(const Delivery& delivery, const Outcome& outcome, WallTime at) {
  std::string text;
  model::JsonWriter json(text);
  json.begin_object()
      .key("id")
      .string(delivery.id)
      .key("channel")
      .string(delivery.channel)
      .key("at")
      .string(to_rfc3339(at));
  json.key("kind").string(name(delivery.notice.kind)).key("rule").string(delivery.notice.rule);
  json.key("incident").string(delivery.notice.incident).key("headline").string(delivery.notice.headline);
  json.key("delivered").boolean(outcome.delivered).key("attempts").integer(delivery.attempts);
  json.key("status").integer(outcome.status).key("detail").string(outcome.detail).end_object();
  return text;
}

bool any_of(const std::vector<std::string>& patterns, std::string_view value) {
  return patterns.empty() ||
         std::ranges::any_of(patterns, [&](const std::string& one) { return config::matches(one, value); });
}

} // namespace

bool wants(const config::AlertChannel& channel, const Notice& notice) {
  if (!channel.enabled) return false;
  if (notice.kind == NoticeKind::kAcknowledged && channel.kind != config::AlertChannelKind::kPagerDuty) return false;
  if (notice.over() && !channel.send_resolved) return false;
  // Good news must not wake anybody, unless somebody asks for it.
  const bool quiet = notice.severity < config::AlertSeverity::kWarn;
  if (quiet && channel.kind == config::AlertChannelKind::kPagerDuty && channel.severities.empty()) return false;
  return any_of(channel.severities, config::name(notice.severity)) && any_of(channel.tenants, notice.tenant) &&
         any_of(channel.rules, notice.rule);
}

Sending sending_of(const config::AlertChannel& channel, const Notice& notice, const std::string& delivery_id,
                   WallTime now) {
  Sending sending;
  sending.token = delivery_id;
  sending.channel = &channel;
  switch (channel.kind) {
  case config::AlertChannelKind::kWebhook:
    sending.message = webhook_message(channel, notice, delivery_id, now);
    break;
  case config::AlertChannelKind::kSlack:
    sending.message = slack_message(channel, notice);
    break;
  case config::AlertChannelKind::kPagerDuty:
    sending.message = pagerduty_message(channel, notice);
    break;
  case config::AlertChannelKind::kEmail:
    sending.message = mail_message(channel, notice, delivery_id);
    break;
  }
  return sending;
}

/// Starts what may be sent now: one message per channel at a time, and about one alert in the order in which it
/// happened.
void Service::Impl::start_due() {
  const MonoTime now = parts.clock.mono_now();
  std::set<std::string> busy;
  std::set<std::pair<std::string, std::string>> earlier; // channel, alert
  for (const auto& [number, delivery] : book.waiting) {
    if (delivery.running) busy.insert(delivery.channel);
  }
  std::vector<std::uint64_t> orphans;
  for (auto& [number, delivery] : book.waiting) {
    if (transport.running() >= kMaxRunning) break;
    const bool first = earlier.emplace(delivery.channel, delivery.notice.dedup_key).second;
    if (delivery.running || !first || busy.contains(delivery.channel) || delivery.not_before > now ||
        paces[delivery.channel] > now)
      continue;
    const auto channel = channels.find(delivery.channel);
    if (channel == channels.end() || !channel->second->enabled) {
      orphans.push_back(number);
      continue;
    }
    Sending sending = sending_of(*channel->second, delivery.notice, delivery.id, parts.clock.wall_now());
    sending.token = fmt::format("{}", number);
    sending.guard = guard;
    sending.timeout = section.timeout;
    if (auto* mail = std::get_if<MailMessage>(&sending.message); mail != nullptr && !delivery.recipients.empty())
      mail->to = delivery.recipients;
    busy.insert(delivery.channel);
    delivery.running = true;
    ++delivery.attempts;
    if (!delivery.first_try) delivery.first_try = now;
    if (channel->second->kind == config::AlertChannelKind::kSlack) paces[delivery.channel] = now + kSlackPace;
    transport.start(std::move(sending));
  }
  const Outcome gone{"", false, false, 0, "the channel was removed or switched off", std::nullopt};
  for (const std::uint64_t number : orphans)
    book.finish(number, log_line(book.waiting.at(number), gone, parts.clock.wall_now()), false);
  if (!orphans.empty()) (void)commit();
}

Duration Service::Impl::until_next_due() const {
  const MonoTime now = parts.clock.mono_now();
  Duration least = std::chrono::seconds(5);
  for (const auto& [number, delivery] : book.waiting) {
    if (delivery.running) continue;
    const auto pace = paces.find(delivery.channel);
    const MonoTime at = std::max(delivery.not_before, pace == paces.end() ? MonoTime{} : pace->second);
    least = std::min(least, std::max<Duration>(at - now, std::chrono::milliseconds(100)));
  }
  return least;
}

void Service::Impl::finish(const Outcome& outcome) {
  const std::uint64_t number = std::strtoull(outcome.token.c_str(), nullptr, 10);
  const auto at = book.waiting.find(number);
  if (at == book.waiting.end()) return;
  Delivery& delivery = at->second;
  delivery.running = false;
  const MonoTime now = parts.clock.mono_now();
  const bool late = delivery.first_try && now - *delivery.first_try >= section.give_up_after;
  const std::string_view result = outcome.delivered ? "delivered" : outcome.retry && !late ? "failed" : "dead";
  parts.metrics
      .counter("kairosroute_alert_deliveries_total", "Attempts to deliver messages about alerts",
               {{"result", std::string(result)}})
      .add();
  if (!outcome.recipients_left.empty()) delivery.recipients = outcome.recipients_left;
  if (result == "failed") {
    const Duration pause = pause_after(delivery.attempts, section.first_retry, delivery.id);
    delivery.not_before = now + std::max(pause, outcome.retry_after.value_or(Duration::zero()));
    if (outcome.retry_after) paces[delivery.channel] = std::max(paces[delivery.channel], now + *outcome.retry_after);
    observe::log_warn("alerts", "a message could not be delivered; it will be tried again",
                      {{"channel", delivery.channel},
                       {"delivery", delivery.id},
                       {"status", outcome.status},
                       {"why", outcome.detail}});
    return;
  }
  if (result == "dead") {
    observe::log_error("alerts", "a message could not be delivered; it is a dead letter now",
                       {{"channel", delivery.channel},
                        {"delivery", delivery.id},
                        {"status", outcome.status},
                        {"why", outcome.detail}});
  }
  book.finish(number, log_line(delivery, outcome, parts.clock.wall_now()), outcome.delivered);
}

void Service::Impl::deliver(const std::stop_token& stop_token) {
  pthread_setname_np(pthread_self(), "kr-alert-send");
  while (!stop_token.stop_requested()) {
    Duration wait;
    {
      const std::scoped_lock lock(mutex);
      if (!broken) start_due();
      wait = until_next_due();
    }
    const std::vector<Outcome> outcomes = transport.poll(wait);
    if (outcomes.empty()) continue;
    const std::scoped_lock lock(mutex);
    for (const Outcome& outcome : outcomes) finish(outcome);
    (void)commit(); // a failure is logged there, and ends the sending
  }
}

} // namespace kairos::alerts
