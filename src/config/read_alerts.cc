// The section `alerts`, and single rules and channels as the API gets them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

constexpr size_t kMostAlertRules = 5'000;
constexpr size_t kMostChannels = 200;
constexpr size_t kMostMutes = 20;
constexpr size_t kMostEntries = 100; // of a list of names
constexpr size_t kMostAlertText = 200;

/// Secrets of file objects come from the environment or from files; those of the API stand in the body.
struct ChannelSecrets {
  const Environment* environment = nullptr; // nullptr: the API
};

bool plain_text(std::string_view text) {
  return text.size() <= kMostAlertText &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void read_line(Reader& reader, std::string_view key, std::string& into) {
  reader.text(key, into);
  if (!plain_text(into))
    reader.complain(key, fmt::format("at most {} characters, no control characters", kMostAlertText));
}

void read_names(Reader& reader, std::string_view key, std::vector<std::string>& into) {
  reader.texts(key, into);
  if (into.size() > kMostEntries) reader.complain(key, fmt::format("at most {} entries", kMostEntries));
  if (!std::ranges::all_of(into, plain_text)) reader.complain(key, "holds a text that is too long");
}

/// Unlike Reader::duration, takes 0.
void read_pause(Reader& reader, std::string_view key, Duration& into) {
  const Node* node = reader.scalar(key);
  if (node == nullptr) return;
  const auto value = parse_duration(node->scalar.substr(0, 60));
  if (value)
    into = *value;
  else
    reader.complain(key, value.error().message);
}

void read_window(Reader& reader, std::string_view key, Duration& into, Duration least, Duration most) {
  reader.duration(key, into);
  if (into < least || into > most) {
    reader.complain(
        key, fmt::format("must be from {}s to {}h", least / std::chrono::seconds(1), most / std::chrono::hours(1)));
  }
}

std::optional<int> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = parse_whole(text.substr(0, 2));
  const auto minute = parse_whole(text.substr(3));
  if (!hour || !minute || *hour > 24 || *minute > 59 || (*hour == 24 && *minute > 0)) return std::nullopt;
  return static_cast<int>(*hour * 60 + *minute);
}

int read_time_of_day(Reader& reader, std::string_view key) {
  const auto minute = parse_minute(reader.optional_text(key).value_or(""));
  if (!minute) reader.complain(key, "must be a time of day such as 22:00");
  return minute.value_or(0);
}

AlertMute read_mute(Reader& reader) {
  static constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  AlertMute mute;
  mute.from_minute = read_time_of_day(reader, "from");
  mute.to_minute = read_time_of_day(reader, "to");
  if (mute.from_minute == mute.to_minute)
    reader.complain("to", "must differ from `from`; the whole day is 00:00 to 24:00");
  std::vector<std::string> days;
  reader.texts("days", days);
  for (const std::string& day : days) {
    const auto found = std::ranges::find(kDays, day);
    if (found == kDays.end()) return reader.complain("days", "must be of mon, tue, wed, thu, fri, sat, sun"), mute;
    mute.days[static_cast<size_t>(found - kDays.begin())] = true;
  }
  if (days.empty()) mute.days.fill(true);
  read_line(reader, "time_zone", mute.time_zone);
  reader.finish();
  return mute;
}

void read_bound(Reader& reader, AlertRule& into) {
  const auto above = reader.optional_text("above");
  const auto below = reader.optional_text("below");
  if (above.has_value() == below.has_value()) reader.complain_here("give one of above and below");
  into.bound = below ? AlertBound::kBelow : AlertBound::kAbove;
  into.threshold = above ? *above : below.value_or("");
  read_line(reader, "clear", into.clear);
  read_line(reader, "least", into.least);
}

void read_filters(Reader& rule, AlertRule& into) {
  auto reader = rule.map("filters");
  if (!reader) return;
  for (const std::string& dimension : reader->keys()) read_names(*reader, dimension, into.filters[dimension]);
  if (into.filters.size() > 6) rule.complain("filters", "at most 6");
}

AlertRule read_alert_rule(Reader& reader) {
  constexpr Duration kLongest = std::chrono::hours(24 * 30);
  AlertRule rule;
  rule.line = reader.line();
  rule.id = reader.id("id");
  read_line(reader, "title", rule.title);
  reader.choice("signal", kAlertSignalNames, rule.signal);
  read_line(reader, "measure", rule.measure);
  read_bound(reader, rule);
  read_window(reader, "window", rule.window, std::chrono::minutes(1), kLongest);
  read_window(reader, "baseline", rule.baseline, std::chrono::hours(1), kLongest);
  read_pause(reader, "for", rule.hold);
  read_pause(reader, "resolve_after", rule.resolve_after);
  reader.whole("min_samples", rule.min_samples, 1, 1'000'000'000);
  reader.choice("severity", kAlertSeverityNames, rule.severity);
  read_names(reader, "group_by", rule.group_by);
  read_filters(reader, rule);
  reader.choice("no_data", kAlertNoDataNames, rule.no_data);
  read_pause(reader, "repeat", rule.repeat);
  rule.notify_resolved = rule.severity >= AlertSeverity::kWarn;
  reader.flag("notify_resolved", rule.notify_resolved);
  reader.flag("enabled", rule.enabled);
  for (Reader& mute : reader.maps("mute", kMostMutes)) rule.mute.push_back(read_mute(mute));
  reader.finish();
  return rule;
}

/// `key` itself in the API; `key`_env or `key`_file in the file, and `key` where `open` says that it may be written.
std::optional<Secret> read_secret(Reader& reader, const std::string& key, const ChannelSecrets& source, bool open) {
  const std::string env_key = key + "_env", file_key = key + "_file";
  if (source.environment == nullptr || open) {
    if (const auto value = reader.optional_text(key); value && !value->empty()) return Secret(*value);
  }
  if (source.environment == nullptr) return std::nullopt;
  if (!open) reader.no_secret({key}, fmt::format("use {} or {}", env_key, file_key));
  if (const auto variable = reader.optional_text(env_key)) {
    const auto value = source.environment->variable(*variable);
    if (value && !value->empty()) return Secret(*value);
    reader.complain(env_key, fmt::format("the environment variable {} is not set", variable->substr(0, 60)));
  }
  if (const auto path = reader.optional_text(file_key)) {
    auto text = source.environment->file(*path);
    if (!text) return reader.complain(file_key, text.error().message), std::nullopt;
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    return Secret(*text);
  }
  return std::nullopt;
}

void check_address(Reader& reader, std::string_view key, std::string_view address) {
  const size_t at = address.find('@');
  const auto bad = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f || c == '<' || c == '>' || c == ',' || c == ';' || c == '"';
  };
  const bool good = at != address.npos && at > 0 && at + 1 < address.size() &&
                    address.find('@', at + 1) == address.npos && address.size() <= 254 &&
                    std::ranges::none_of(address, bad);
  if (!good) reader.complain(key, "must be plain e-mail addresses such as oncall@example.com");
}

void read_email(Reader& channel, const ChannelSecrets& source, AlertChannel& into) {
  auto reader = channel.map("smtp");
  if (!reader) return channel.complain("smtp", "is missing; give host, from and to");
  read_line(*reader, "host", into.smtp_host);
  if (into.smtp_host.empty()) reader->complain("host", "is missing");
  const auto host_byte = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == ':';
  };
  if (!std::ranges::all_of(into.smtp_host, host_byte)) reader->complain("host", "must be a host name or an address");
  reader->choice("security", kSmtpSecurityNames, into.smtp_security);
  std::int64_t port = into.smtp_security == SmtpSecurity::kTls ? 465 : 587;
  reader->whole("port", port, 1, 65535);
  into.smtp_port = static_cast<std::uint16_t>(port);
  read_line(*reader, "username", into.smtp_username);
  into.smtp_password = read_secret(*reader, "password", source, false);
  const bool bare = into.smtp_security == SmtpSecurity::kNone && into.smtp_password;
  if (bare) reader->complain("security", "a password is not sent without TLS");
  reader->finish();
  read_line(channel, "from", into.from);
  read_names(channel, "to", into.to);
  check_address(channel, "from", into.from);
  if (into.to.empty()) channel.complain("to", "is missing; give at least one address");
  for (const std::string& one : into.to) check_address(channel, "to", one);
}

void read_channel_destination(Reader& reader, const ChannelSecrets& source, AlertChannel& into) {
  switch (into.kind) {
  case AlertChannelKind::kEmail:
    return read_email(reader, source, into);
  case AlertChannelKind::kWebhook:
    into.url = read_secret(reader, "url", source, true);
    into.secret = read_secret(reader, "secret", source, false);
    break;
  case AlertChannelKind::kSlack:
    into.url = read_secret(reader, "url", source, false);
    break;
  case AlertChannelKind::kPagerDuty:
    into.url = read_secret(reader, "url", source, true);
    into.routing_key = read_secret(reader, "routing_key", source, false);
    if (!into.routing_key) return reader.complain("routing_key", "is missing: the integration's 32 characters");
    if (into.routing_key->reveal().size() != 32) reader.complain("routing_key", "must be 32 characters");
    return;
  }
  if (!into.url) reader.complain("url", "is missing");
}

AlertChannel read_channel(Reader& reader, const ChannelSecrets& source) {
  AlertChannel channel;
  channel.id = reader.id("id");
  if (!reader.has("kind")) reader.complain("kind", "is missing; use one of webhook, email, slack, pagerduty");
  reader.choice("kind", kAlertChannelKindNames, channel.kind);
  read_channel_destination(reader, source, channel);
  read_line(reader, "ca_file", channel.ca_file);
  read_names(reader, "severities", channel.severities);
  for (const std::string& one : channel.severities) {
    AlertSeverity known{};
    if (!model::parse_name(kAlertSeverityNames, one, known))
      reader.complain("severities", "must be of info, ok, warn, critical");
  }
  read_names(reader, "tenants", channel.tenants);
  read_names(reader, "rules", channel.rules);
  reader.flag("send_resolved", channel.send_resolved);
  reader.flag("enabled", channel.enabled);
  reader.finish();
  return channel;
}

void check_unique_alerts(Reader& section, const Alerts& alerts) {
  std::set<std::string_view> rules, channels;
  for (const AlertRule& rule : alerts.rules) {
    if (!rules.insert(rule.id).second) section.complain("rules", fmt::format("rule {} is there twice", rule.id));
  }
  for (const AlertChannel& channel : alerts.channels) {
    if (!channels.insert(channel.id).second)
      section.complain("channels", fmt::format("channel {} is there twice", channel.id));
  }
}

template <class T, class F>
Result<T> parse_object(std::string_view text, std::string_view name, F read) {
  const auto document = parse_document(text, name);
  if (!document) return std::unexpected(document.error());
  Problem problem(name);
  Reader reader(*document, "", problem);
  T object = read(reader);
  if (problem.any()) return std::unexpected(problem.error());
  object.origin = AlertOrigin::kApi;
  return object;
}

} // namespace

void read_alerts(Reader& root, const Environment& environment, Snapshot& into) {
  auto section = root.map("alerts");
  if (!section) return;
  Alerts& alerts = into.alerts;
  section->flag("built_in_rules", alerts.built_in_rules);
  read_line(*section, "public_url", alerts.public_url);
  const bool url = alerts.public_url.starts_with("http://") || alerts.public_url.starts_with("https://");
  if (!alerts.public_url.empty() && !url) section->complain("public_url", "must begin with http:// or https://");
  while (alerts.public_url.ends_with('/')) alerts.public_url.pop_back();
  read_window(*section, "interval", alerts.interval, std::chrono::seconds(1), std::chrono::hours(1));
  read_pause(*section, "settle", alerts.settle);
  section->duration("timeout", alerts.timeout);
  section->duration("first_retry", alerts.first_retry);
  section->duration("give_up_after", alerts.give_up_after);
  read_names(*section, "allow_networks", alerts.allow_networks);
  for (Reader& reader : section->maps("rules", kMostAlertRules)) alerts.rules.push_back(read_alert_rule(reader));
  const ChannelSecrets source{&environment};
  for (Reader& reader : section->maps("channels", kMostChannels))
    alerts.channels.push_back(read_channel(reader, source));
  check_unique_alerts(*section, alerts);
  section->finish();
}

Result<AlertRule> parse_alert_rule(std::string_view text, std::string_view name) {
  return parse_object<AlertRule>(text, name, [](Reader& reader) { return read_alert_rule(reader); });
}

Result<AlertChannel> parse_alert_channel(std::string_view text, std::string_view name) {
  return parse_object<AlertChannel>(text, name, [](Reader& reader) { return read_channel(reader, ChannelSecrets{}); });
}

} // namespace kairos::config
