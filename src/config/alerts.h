// Alerting as configured: rules, channels and how the engine runs. Rules and channels made through the API have the
// same types and are read by the same code (parse_alert_rule, parse_alert_channel). What a rule means beyond its words
// (measures, dimensions, units) is checked by alerts::compile. Durations are written like 30s, 5m, 48h.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/secret.h"

namespace kairos::config {

enum class AlertSeverity : std::uint8_t { kInfo, kOk, kWarn, kCritical };
inline constexpr std::array<std::string_view, 4> kAlertSeverityNames = {"info", "ok", "warn", "critical"};
constexpr std::string_view name(AlertSeverity v) { return kAlertSeverityNames[static_cast<size_t>(v)]; }

/// What is watched.
enum class AlertSignal : std::uint8_t {
  kMeasure,          // a measure of the analytics query over the window
  kSustained,        // its worst quarter of the window, so that all of them are on the good side
  kDrift,            // the measure over the window ÷ over the same hours `baseline` before
  kAnomaly,          // the measure over the window ÷ the median of the same hours on the seven days before
  kBudget,           // spent ÷ cap of each budget
  kBudgetProjection, // what will be spent by the period's end, if it goes on like this, ÷ cap
  kLag,              // how long closed receipts have been waiting to become readable
  kProviderHealth,   // share of a provider's targets whose circuit breaker is open
};
inline constexpr std::array<std::string_view, 8> kAlertSignalNames = {
    "measure", "sustained", "drift", "anomaly", "budget", "budget_projection", "lag", "provider_health"};
constexpr std::string_view name(AlertSignal v) { return kAlertSignalNames[static_cast<size_t>(v)]; }

enum class AlertBound : std::uint8_t { kAbove, kBelow }; // at or above; below

/// What a group without enough data means.
enum class AlertNoData : std::uint8_t {
  kResolve, // the condition does not hold
  kKeep,    // what fires goes on firing
  kAlert,   // the condition holds
};
inline constexpr std::array<std::string_view, 3> kAlertNoDataNames = {"resolve", "keep", "alert"};

/// A daily window in which nothing is sent; from > to goes over midnight.
struct AlertMute {
  int from_minute = 0;        // of the local day
  int to_minute = 0;          // exclusive
  std::array<bool, 7> days{}; // Monday first: the days on which the window begins
  std::string time_zone = "UTC";
};

/// Who made it. Built-in rules and those of the file are read-only in the API; an API or file rule with a built-in
/// rule's id takes its place.
enum class AlertOrigin : std::uint8_t { kBuiltIn, kFile, kApi };
inline constexpr std::array<std::string_view, 3> kAlertOriginNames = {"built_in", "file", "api"};
constexpr std::string_view name(AlertOrigin v) { return kAlertOriginNames[static_cast<size_t>(v)]; }

struct AlertRule {
  std::string id;
  std::string title; // what a message begins with; empty: made from the signal
  AlertSignal signal = AlertSignal::kMeasure;
  std::string measure; // a measure's name; empty for signals that have none
  AlertBound bound = AlertBound::kAbove;
  std::string threshold; // decimal, in the signal's unit: USD, ms, a share (0.05 or 5%), a factor, seconds
  std::string clear;     // resolved beyond this; empty: the threshold
  std::string least;     // drift and anomaly: the measure itself must be at least this
  Duration window = std::chrono::minutes(15);
  Duration baseline = std::chrono::hours(168); // drift
  Duration hold{};                             // `for`: the condition must have held this long
  Duration resolve_after{};                    // and must have been clear this long
  std::int64_t min_samples = 1;                // requests behind a value; fewer are no data
  AlertSeverity severity = AlertSeverity::kWarn;
  std::vector<std::string> group_by;                       // dimensions
  std::map<std::string, std::vector<std::string>> filters; // dimension → any of these values
  AlertNoData no_data = AlertNoData::kResolve;
  Duration repeat = std::chrono::hours(4); // while it fires and nobody has acknowledged it; 0: never
  bool notify_resolved = true;
  bool enabled = true;
  std::vector<AlertMute> mute;
  AlertOrigin origin = AlertOrigin::kFile;
  int line = 0; // in the file, for messages
};

enum class AlertChannelKind : std::uint8_t { kWebhook, kEmail, kSlack, kPagerDuty };
inline constexpr std::array<std::string_view, 4> kAlertChannelKindNames = {"webhook", "email", "slack", "pagerduty"};
constexpr std::string_view name(AlertChannelKind v) { return kAlertChannelKindNames[static_cast<size_t>(v)]; }

enum class SmtpSecurity : std::uint8_t { kStartTls, kTls, kNone };
inline constexpr std::array<std::string_view, 3> kSmtpSecurityNames = {"starttls", "tls", "none"};

/// Where messages go, and which. Lists that are empty do not restrict; entries may end in '*'.
struct AlertChannel {
  std::string id;
  AlertChannelKind kind = AlertChannelKind::kWebhook;
  std::optional<Secret> url;         // webhook, Slack; PagerDuty: empty is PagerDuty's own
  std::optional<Secret> secret;      // webhook: key of the signature
  std::optional<Secret> routing_key; // PagerDuty
  std::string smtp_host;             // e-mail
  std::uint16_t smtp_port = 587;
  SmtpSecurity smtp_security = SmtpSecurity::kStartTls;
  std::string smtp_username;
  std::optional<Secret> smtp_password;
  std::string from;
  std::vector<std::string> to;
  std::string ca_file; // empty: the system's certificates
  std::vector<std::string> severities;
  std::vector<std::string> tenants;
  std::vector<std::string> rules;
  bool send_resolved = true;
  bool enabled = true;
  AlertOrigin origin = AlertOrigin::kFile;
};

struct Alerts {
  bool built_in_rules = true;
  std::string public_url;                         // of the dashboard, for links; empty: server.listen's
  Duration interval = std::chrono::seconds(30);   // between evaluations
  Duration settle = std::chrono::seconds(30);     // windows end this long before now: receipts arrive late
  Duration timeout = std::chrono::seconds(10);    // of one attempt to deliver
  Duration first_retry = std::chrono::seconds(2); // doubles up to 2 minutes
  Duration give_up_after = std::chrono::minutes(30);
  std::vector<std::string> allow_networks; // 10.0.0.0/8: networks that channels may reach besides public ones
  std::vector<AlertRule> rules;
  std::vector<AlertChannel> channels;
};

/// A YAML or JSON text of one object, as the API gets it. Secrets stand in it literally.
Result<AlertRule> parse_alert_rule(std::string_view text, std::string_view name);
Result<AlertChannel> parse_alert_channel(std::string_view text, std::string_view name);

} // namespace kairos::config
