#include <fmt/format.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "alerts/message.h"
#include "base/hex.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

constexpr std::string_view kPagerDuty = "https://events.pagerduty.com/v2/enqueue";
constexpr std::string_view kNotOver = "0001-01-01T00:00:00Z"; // as Alertmanager says it

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Prometheus' label names: letters, digits, '_'.
std::string label_name(std::string_view name) {
  std::string plain(name);
  std::ranges::replace_if(plain, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return plain.empty() || std::isdigit(static_cast<unsigned char>(plain[0])) ? "_" + plain : plain;
}

Pairs labels_of(const Notice& notice) {
  Pairs labels = {{"alertname", notice.rule}, {"severity", std::string(config::name(notice.severity))}};
  bool tenant = false;
  for (const auto& [key, value] : notice.labels) {
    labels.emplace_back(label_name(key), shortened(value, 256));
    tenant = tenant || key == "tenant";
  }
  if (!tenant && !notice.tenant.empty()) labels.emplace_back("tenant", notice.tenant);
  return labels;
}

void write_pairs(model::JsonWriter& json, std::string_view key, const Pairs& pairs) {
  json.key(key).begin_object();
  for (const auto& [name, value] : pairs) json.escaped_key(name).string(value);
  json.end_object();
}

std::string group_key_text(const Notice& notice) { return fmt::format("{{}}:{{dedup_key=\"{}\"}}", notice.dedup_key); }

void write_alert(model::JsonWriter& json, const Notice& notice, const Pairs& labels, const Pairs& annotations) {
  json.begin_object().key("status").string(notice.over() ? "resolved" : "firing");
  write_pairs(json, "labels", labels);
  write_pairs(json, "annotations", annotations);
  json.key("startsAt").string(to_rfc3339(notice.since));
  json.key("endsAt").string(notice.over() ? to_rfc3339(notice.at) : std::string(kNotOver));
  json.key("generatorURL").string(notice.view_url);
  json.key("fingerprint").string(notice.dedup_key.substr(notice.dedup_key.rfind('/') + 1)).end_object();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

/// A Slack link: '|' and '>' would end the address.
std::string link(std::string url, std::string_view text) {
  for (const auto& [from, to] : {std::pair<char, std::string_view>{'|', "%7C"}, {'>', "%3E"}, {'<', "%3C"}}) {
    for (size_t at = 0; (at = url.find(from, at)) != url.npos;) url.replace(at, 1, to);
  }
  return fmt::format("<{}|{}>", escaped(url), escaped(text));
}

void write_section(model::JsonWriter& json, const std::string& mrkdwn) {
  json.begin_object().key("type").string("section").key("text").begin_object();
  json.key("type").string("mrkdwn").key("text").string(mrkdwn).end_object().end_object();
}

std::string_view mark_of(const Notice& notice) {
  if (notice.over()) return ":white_check_mark:";
  switch (notice.severity) {
  case config::AlertSeverity::kCritical:
    return ":rotating_light:";
  case config::AlertSeverity::kWarn:
    return ":warning:";
  case config::AlertSeverity::kOk:
    return ":white_check_mark:";
  case config::AlertSeverity::kInfo:
    break;
  }
  return ":information_source:";
}

std::string_view pagerduty_severity(config::AlertSeverity severity) {
  if (severity == config::AlertSeverity::kCritical) return "critical";
  return severity == config::AlertSeverity::kWarn ? "warning" : "info";
}

void write_pagerduty_payload(model::JsonWriter& json, const Notice& notice) {
  json.key("payload").begin_object().key("summary").string(shortened(subject(notice), 1024));
  json.key("source").string(notice.tenant.empty() ? "kairosroute" : "tenant " + shortened(notice.tenant, 200));
  json.key("severity").string(pagerduty_severity(notice.severity));
  json.key("timestamp").string(to_rfc3339(notice.since));
  json.key("component").string("kairosroute").key("group").string(notice.tenant).key("class").string(notice.rule);
  Pairs details = {{"how_much", notice.figures}, {"why", notice.reason}, {"incident", notice.incident}};
  for (const auto& [key, value] : notice.labels) details.emplace_back(key, shortened(value, 256));
  write_pairs(json, "custom_details", details);
  json.end_object();
}

void write_links(model::JsonWriter& json, const Notice& notice) {
  if (notice.view_url.empty()) return;
  json.key("client").string("KairosRoute").key("client_url").string(notice.view_url).key("links").begin_array();
  json.begin_object().key("href").string(notice.view_url).key("text").string("Alert").end_object();
  json.begin_object().key("href").string(notice.receipts_url).key("text").string("Receipts behind it").end_object();
  json.end_array();
}

} // namespace

std::string shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  size_t end = most - 3; // "…" has three bytes
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned int size = digest.size();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  return to_hex(digest);
}

HttpMessage webhook_message(const config::AlertChannel& channel, const Notice& notice, const std::string& delivery_id,
                            WallTime now) {
  const Pairs labels = labels_of(notice);
  Pairs annotations = {{"summary", subject(notice)},
                       {"description", notice.figures},
                       {"reason", notice.reason},
                       {"incident", notice.incident},
                       {"receipts", notice.receipts_url}};
  if (!notice.why.empty()) annotations.emplace_back("note", notice.why);
  HttpMessage message{channel.url ? channel.url->reveal() : "", {}, ""};
  model::JsonWriter json(message.body);
  json.begin_object()
      .key("version")
      .string("4")
      .key("groupKey")
      .string(group_key_text(notice))
      .key("truncatedAlerts")
      .integer(0);
  json.key("status").string(notice.over() ? "resolved" : "firing").key("receiver").string(channel.id);
  write_pairs(json, "groupLabels", {{"alertname", notice.rule}});
  write_pairs(json, "commonLabels", labels);
  write_pairs(json, "commonAnnotations", annotations);
  json.key("externalURL").string(notice.view_url).key("alerts").begin_array();
  write_alert(json, notice, labels, annotations);
  json.end_array().end_object();
  const std::string stamp = fmt::format("{}", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  message.headers = {{"Content-Type", "application/json"},
                     {"X-KairosRoute-Delivery", delivery_id},
                     {"X-KairosRoute-Timestamp", stamp}};
  if (channel.secret) {
    const std::string signed_text = stamp + "." + delivery_id + "." + message.body;
    message.headers.emplace_back("X-KairosRoute-Signature", "v1=" + hmac_sha256(channel.secret->reveal(), signed_text));
  }
  return message;
}

HttpMessage slack_message(const config::AlertChannel& channel, const Notice& notice) {
  // Cut before escaping, so that no entity is cut; escaping makes at most five bytes of one.
  const std::string what = escaped(shortened(subject(notice), 500));
  HttpMessage message{channel.url ? channel.url->reveal() : "", {{"Content-Type", "application/json"}}, ""};
  model::JsonWriter json(message.body);
  json.begin_object().key("text").string(what).key("blocks").begin_array();
  write_section(json, fmt::format("{} *{}*\n{}", mark_of(notice), what, escaped(shortened(notice.figures, 300))));
  std::string more =
      fmt::format("Since {}. {}", to_rfc3339(notice.since).substr(0, 16) + "Z", escaped(shortened(notice.reason, 300)));
  if (!notice.why.empty()) more += "\n" + escaped(shortened(notice.why, 200));
  if (!notice.view_url.empty() && notice.view_url.size() + notice.receipts_url.size() < 1200) {
    more += "\n" + link(notice.view_url, "Alert") + " · " + link(notice.receipts_url, "Receipts behind it");
  }
  json.begin_object().key("type").string("context").key("elements").begin_array().begin_object();
  json.key("type").string("mrkdwn").key("text").string(more).end_object().end_array().end_object();
  json.end_array().end_object();
  return message;
}

HttpMessage pagerduty_message(const config::AlertChannel& channel, const Notice& notice) {
  HttpMessage message{
      channel.url ? channel.url->reveal() : std::string(kPagerDuty), {{"Content-Type", "application/json"}}, ""};
  const std::string_view action = notice.over()                              ? "resolve"
                                  : notice.kind == NoticeKind::kAcknowledged ? "acknowledge"
                                                                             : "trigger";
  model::JsonWriter json(message.body);
  json.begin_object().key("routing_key").string(channel.routing_key ? channel.routing_key->reveal() : "");
  json.key("event_action").string(action).key("dedup_key").string(shortened(notice.dedup_key, 255));
  if (action == "trigger") {
    write_pagerduty_payload(json, notice);
    write_links(json, notice);
  }
  json.end_object();
  return message;
}

} // namespace kairos::alerts
