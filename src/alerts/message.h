// Notices in the shape that each kind of receiver wants. Pure; all sizes bounded by what the receivers accept.
//   webhook    Alertmanager's webhook, version 4 (one alert per message), signed
//   slack      incoming webhook, Block Kit: at most 50 blocks, 3000 characters a section; & < > escaped
//   pagerduty  Events API v2: summary ≤ 1024, dedup_key ≤ 255; trigger, acknowledge, resolve
//   email      RFC 5322 with text and HTML (multipart/alternative, base64)
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "alerts/notice.h"
#include "config/alerts.h"

namespace kairos::alerts {

struct HttpMessage {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct MailMessage {
  std::string url; // smtp://host:port or smtps://host:port
  std::string from;
  std::vector<std::string> to;
  std::string text; // headers and body, CRLF
};

/// X-KairosRoute-Signature: "v1=" + hex HMAC-SHA256(secret, timestamp "." delivery id "." body), so that neither body
/// nor id nor time can be changed or sent again later. The other two are headers of their own.
HttpMessage webhook_message(const config::AlertChannel& channel, const Notice& notice, const std::string& delivery_id,
                            WallTime now);
HttpMessage slack_message(const config::AlertChannel& channel, const Notice& notice);
HttpMessage pagerduty_message(const config::AlertChannel& channel, const Notice& notice);
MailMessage mail_message(const config::AlertChannel& channel, const Notice& notice, const std::string& delivery_id);

/// At most `most` bytes, cut between characters, with "…" at the end if something was cut.
std::string shortened(std::string_view text, size_t most);
/// With a blank for each control character: what a receiver said, fit for logs and pages.
std::string printable(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text); // hex

} // namespace kairos::alerts
