// Channels, test messages and the delivery log of Service.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "alerts/service_impl.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

constexpr size_t kMaxApiChannels = 200;
constexpr size_t kMaxShown = 500; // of waiting and dead messages

Result<> check_reachable(const config::AlertChannel& channel, const AddressGuard& guard) {
  if (channel.kind == config::AlertChannelKind::kEmail) return guard.check_host(channel.smtp_host);
  return channel.url ? guard.check_url(channel.url->reveal()) : Result<>();
}

/// Scheme and host: the rest of a hook's address is its password.
std::string shown_url(const config::AlertChannel& channel) {
  if (!channel.url) return "";
  const std::string& url = channel.url->reveal();
  const size_t host = url.find("//");
  const size_t end = host == url.npos ? 0 : url.find_first_of("/?#", host + 2);
  return end == url.npos ? url : url.substr(0, end) + "/…";
}

void write_texts(model::JsonWriter& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const std::string& one : texts) out.string(one);
  out.end_array();
}

std::string to_json(const config::AlertChannel& channel) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("id").string(channel.id).key("kind").string(config::name(channel.kind));
  if (channel.kind == config::AlertChannelKind::kEmail) {
    out.key("smtp").begin_object().key("host").string(channel.smtp_host).key("port").integer(channel.smtp_port);
    out.key("security").string(config::kSmtpSecurityNames[static_cast<size_t>(channel.smtp_security)]);
    out.key("username")
        .string(channel.smtp_username)
        .key("password_set")
        .boolean(channel.smtp_password.has_value())
        .end_object();
    out.key("from").string(channel.from);
    write_texts(out, "to", channel.to);
  } else {
    out.key("url_shown").string(shown_url(channel));
    out.key("secret_set")
        .boolean(channel.secret.has_value())
        .key("routing_key_set")
        .boolean(channel.routing_key.has_value());
  }
  write_texts(out, "severities", channel.severities);
  write_texts(out, "tenants", channel.tenants);
  write_texts(out, "rules", channel.rules);
  out.key("send_resolved").boolean(channel.send_resolved).key("enabled").boolean(channel.enabled);
  out.key("ca_file").string(channel.ca_file).key("managed").string(config::name(channel.origin)).end_object();
  return text;
}

std::string text_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// Secrets cannot be read, so a change of other keys need not repeat them, as long as they go to the same receiver: who
/// may change a channel must not thereby be able to have its secrets sent elsewhere.
void keep_secrets(json::object& next, const json::object& before) {
  if (text_member(next, "kind") != text_member(before, "kind")) return;
  const bool same_url = !next.contains("url") || text_member(next, "url") == text_member(before, "url");
  if (!same_url) return;
  for (const char* key : {"url", "secret", "routing_key"}) {
    if (!next.contains(key) && before.contains(key)) next[key] = before.at(key);
  }
  json::value* smtp = next.if_contains("smtp");
  const json::value* old = before.if_contains("smtp");
  if (smtp == nullptr || old == nullptr || !smtp->is_object() || !old->is_object()) return;
  json::object& now = smtp->get_object();
  const json::object& was = old->get_object();
  // What is left out is the default: naming it changes nothing.
  const auto security = [](const json::object& object) {
    const std::string text = text_member(object, "security");
    return text.empty() ? std::string("starttls") : text;
  };
  const auto port = [&](const json::object& object) {
    return object.contains("port") ? object.at("port") : json::value(security(object) == "tls" ? 465 : 587);
  };
  const bool same =
      text_member(now, "host") == text_member(was, "host") && port(now) == port(was) && security(now) == security(was);
  if (same && !now.contains("password") && was.contains("password")) now["password"] = was.at("password");
}

Result<config::AlertChannel> read_channel(const json::object& object) {
  return config::parse_alert_channel(json::serialize(object), "body");
}

Result<json::object> parse_object(std::string_view text) {
  if (text.size() > kMaxBody) return fail(Code::kTooLarge, "the body is longer than 64 KiB");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  json::value document = json::parse(text, error, {}, options);
  if (error || !document.is_object()) return fail(Code::kInvalid, "the body is not a JSON object");
  for (const char* shown : {"managed", "url_shown", "secret_set", "routing_key_set"})
    document.get_object().erase(shown);
  if (json::value* smtp = document.get_object().if_contains("smtp"); smtp != nullptr && smtp->is_object())
    smtp->get_object().erase("password_set");
  return std::move(document.get_object());
}

} // namespace

Result<> Service::Impl::load_channels(const config::Alerts& next) {
  std::map<std::string, ChannelPtr> all;
  for (const config::AlertChannel& channel : next.channels) {
    if (auto reachable = check_reachable(channel, *guard); !reachable)
      return fail_in("alert channel " + channel.id, reachable.error());
    all.emplace(channel.id, std::make_shared<const config::AlertChannel>(channel));
  }
  for (const auto& [id, text] : book.documents("channel")) {
    const auto object = parse_object(text);
    auto channel = object ? read_channel(*object) : std::unexpected(object.error());
    if (!channel) return fail_in(fmt::format("alert channel {} in the file of alerts", id), channel.error());
    const bool fresh = all.emplace(id, std::make_shared<const config::AlertChannel>(std::move(*channel))).second;
    if (!fresh)
      return fail(
          Code::kConflict,
          fmt::format("alert channel {} is in the configuration file and was made through the API too; remove one",
                      id));
  }
  channels = std::move(all);
  return {};
}

std::string Service::channels_json() const {
  const std::scoped_lock lock(impl_->mutex);
  std::string text = "{\"channels\":[";
  for (const auto& [id, channel] : impl_->channels) text += (text.back() == '[' ? "" : ",") + to_json(*channel);
  return text + "]}";
}

Result<std::string> Service::channel_json(const std::string& id) const {
  const std::scoped_lock lock(impl_->mutex);
  const auto found = impl_->channels.find(id);
  if (found == impl_->channels.end())
    return fail(Code::kNotFound, fmt::format("there is no alert channel '{}'", id.substr(0, 100)));
  return to_json(*found->second);
}

Result<std::string> Service::put_channel(std::string_view body, bool only_new, const std::string& who) {
  auto object = parse_object(body);
  if (!object) return std::unexpected(object.error());
  const std::string id = text_member(*object, "id");
  const std::scoped_lock lock(impl_->mutex);
  const auto there = impl_->channels.find(id);
  const bool known = there != impl_->channels.end();
  if (known && there->second->origin == config::AlertOrigin::kFile)
    return fail(Code::kConflict,
                fmt::format("alert channel {} comes from the configuration file (managed: file); change it there", id));
  if (known && only_new) return fail(Code::kConflict, fmt::format("there is an alert channel {} already", id));
  if (!known && impl_->channels.size() >= kMaxApiChannels)
    return fail(Code::kTooLarge, fmt::format("at most {} channels", kMaxApiChannels));
  if (known) {
    const auto before = parse_object(impl_->book.documents("channel").at(id));
    if (before) keep_secrets(*object, *before);
  }
  auto channel = read_channel(*object);
  if (!channel) return std::unexpected(channel.error());
  if (!channel->ca_file.empty()) return fail(Code::kInvalid, "ca_file: files are named in the configuration file only");
  if (auto reachable = check_reachable(*channel, *impl_->guard); !reachable) return std::unexpected(reachable.error());
  const auto next = std::make_shared<const config::AlertChannel>(std::move(*channel));
  impl_->book.put("channel", id, json::serialize(*object));
  impl_->note_change("alert_channel", id, to_json(*next), who);
  if (auto done = impl_->commit_change(); !done) return std::unexpected(done.error());
  impl_->channels[id] = next;
  return to_json(*next);
}

Result<> Service::delete_channel(const std::string& id, const std::string& who) {
  const std::scoped_lock lock(impl_->mutex);
  const auto there = impl_->channels.find(id);
  if (there == impl_->channels.end())
    return fail(Code::kNotFound, fmt::format("there is no alert channel '{}'", id.substr(0, 100)));
  if (there->second->origin == config::AlertOrigin::kFile)
    return fail(Code::kConflict,
                fmt::format("alert channel {} comes from the configuration file (managed: file); remove it there", id));
  impl_->channels.erase(there);
  impl_->book.put("channel", id, std::nullopt);
  impl_->note_change("alert_channel", id, std::nullopt, who);
  return impl_->commit_change();
}

Result<std::string> Service::test_channel(const std::string& id) const {
  ChannelPtr channel;
  Sending sending;
  const WallTime now = impl_->parts.clock.wall_now();
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto found = impl_->channels.find(id);
    if (found == impl_->channels.end())
      return fail(Code::kNotFound, fmt::format("there is no alert channel '{}'", id.substr(0, 100)));
    channel = found->second;
    Notice notice;
    notice.kind = NoticeKind::kTest;
    notice.severity = config::AlertSeverity::kInfo;
    notice.rule = "test";
    notice.headline = "this channel works";
    notice.figures = "Sent because somebody asked for a test message.";
    notice.reason = "test of channel " + id;
    notice.incident = fmt::format("inc_test{:x}", now.time_since_epoch().count());
    notice.dedup_key = dedup_key("test", id);
    notice.since = notice.at = now;
    notice.view_url = impl_->base_url.empty() ? "" : impl_->base_url + "/alerts";
    notice.receipts_url = impl_->base_url.empty() ? "" : impl_->base_url + "/receipts";
    sending = sending_of(*channel, notice, delivery_id(notice, id), now);
    sending.guard = impl_->guard;
    sending.timeout = impl_->section.timeout;
  }
  const SlowQuestion alone(impl_->slow_question);
  if (!alone) return SlowQuestion::refusal();
  Transport transport; // of its own: the delivering thread's is not ours
  transport.start(std::move(sending));
  std::vector<Outcome> outcomes;
  while (outcomes.empty() && transport.running() > 0 && !impl_->stopping.stop_requested())
    outcomes = transport.poll(std::chrono::milliseconds(500));
  const Outcome outcome = outcomes.empty() ? Outcome{} : outcomes.front();
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("delivered").boolean(outcome.delivered).key("status").integer(outcome.status);
  out.key("detail").string(outcome.detail).end_object();
  return text;
}

std::string Service::deliveries_json() const {
  const std::scoped_lock lock(impl_->mutex);
  std::string text;
  model::JsonWriter out(text);
  const auto write_queue = [&](std::string_view key, const std::map<std::uint64_t, Delivery>& queue) {
    out.key(key).begin_array();
    size_t shown = 0;
    for (auto at = queue.rbegin(); at != queue.rend() && shown++ < kMaxShown; ++at) {
      const Delivery& one = at->second;
      out.begin_object()
          .key("id")
          .string(one.id)
          .key("channel")
          .string(one.channel)
          .key("kind")
          .string(name(one.notice.kind));
      out.key("incident").string(one.notice.incident).key("headline").string(one.notice.headline);
      out.key("created").string(to_rfc3339(one.created)).key("attempts").integer(one.attempts).end_object();
    }
    out.end_array();
  };
  out.begin_object();
  write_queue("waiting", impl_->book.waiting);
  write_queue("dead", impl_->book.dead);
  out.key("log").begin_array();
  for (const std::string& line : impl_->book.delivery_log()) out.raw(line);
  out.end_array().end_object();
  return text;
}

size_t Service::waiting_deliveries() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->book.waiting.size();
}

Result<> Service::retry_dead(const std::string& delivery) {
  const std::scoped_lock lock(impl_->mutex);
  for (const auto& [number, one] : impl_->book.dead) {
    if (one.id != delivery) continue;
    impl_->book.revive(number);
    auto done = impl_->commit();
    impl_->transport.wake();
    return done;
  }
  return fail(Code::kNotFound, fmt::format("there is no dead letter '{}'", delivery.substr(0, 100)));
}

} // namespace kairos::alerts
