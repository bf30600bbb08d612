#include "alerts/notice.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/hex.h"
#include "journal/sha256.h"
#include "model/enums.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

std::string short_hash(std::string_view text, size_t bytes) {
  journal::Sha256 sha256;
  const journal::Hash digest = sha256({journal::as_bytes(text)});
  return to_hex(std::span(digest).first(bytes));
}

std::string text_or_empty(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

WallTime time_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return WallTime(std::chrono::microseconds(value != nullptr && value->is_int64() ? value->get_int64() : 0));
}

constexpr std::array<std::pair<std::string_view, std::string Notice::*>, 11> kTexts = {
    {{"rule", &Notice::rule},
     {"title", &Notice::title},
     {"headline", &Notice::headline},
     {"figures", &Notice::figures},
     {"reason", &Notice::reason},
     {"why", &Notice::why},
     {"incident", &Notice::incident},
     {"dedup_key", &Notice::dedup_key},
     {"tenant", &Notice::tenant},
     {"view_url", &Notice::view_url},
     {"receipts_url", &Notice::receipts_url}}};

} // namespace

std::string subject(const Notice& notice) {
  std::string what = notice.title.empty() ? notice.headline : notice.title + ": " + notice.headline;
  switch (notice.kind) {
  case NoticeKind::kResolved:
    return "Resolved: " + what;
  case NoticeKind::kReminder:
    return "Still: " + what;
  case NoticeKind::kAcknowledged:
    return "Acknowledged: " + what;
  case NoticeKind::kTest:
    return "Test: " + what;
  case NoticeKind::kFiring:
    break;
  }
  return what;
}

std::string dedup_key(const std::string& rule, const std::string& group_key) {
  return fmt::format("kairosroute/{}/{}", rule, short_hash(group_key, 8));
}

std::string delivery_id(const Notice& notice, const std::string& channel) {
  const auto at = notice.at.time_since_epoch().count();
  return "dlv_" +
         short_hash(
             fmt::format("{}\n{}\n{}\n{}\n{}", notice.dedup_key, notice.incident, name(notice.kind), at, channel), 13);
}

std::string to_json(const Delivery& delivery) {
  const Notice& notice = delivery.notice;
  std::string text;
  model::JsonWriter out(text);
  out.begin_object()
      .key("id")
      .string(delivery.id)
      .key("channel")
      .string(delivery.channel)
      .key("created")
      .integer(delivery.created.time_since_epoch().count());
  out.key("kind").string(name(notice.kind)).key("severity").string(config::name(notice.severity));
  for (const auto& [key, member] : kTexts) out.key(key).string(notice.*member);
  out.key("since")
      .integer(notice.since.time_since_epoch().count())
      .key("at")
      .integer(notice.at.time_since_epoch().count());
  out.key("labels").begin_array();
  for (const auto& [key, value] : notice.labels) out.begin_array().string(key).string(value).end_array();
  out.end_array().end_object();
  return text;
}

Result<Delivery> delivery_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return fail(Code::kCorrupt, "a waiting message is not a JSON object");
  const json::object& object = document.get_object();
  Delivery delivery;
  delivery.id = text_or_empty(object, "id");
  delivery.channel = text_or_empty(object, "channel");
  delivery.created = time_of(object, "created");
  Notice& notice = delivery.notice;
  const bool known = model::parse_name(kNoticeKindNames, text_or_empty(object, "kind"), notice.kind) &&
                     model::parse_name(config::kAlertSeverityNames, text_or_empty(object, "severity"), notice.severity);
  if (!known || delivery.channel.empty() || delivery.id.empty())
    return fail(Code::kCorrupt, "a waiting message lacks its kind, severity or channel");
  for (const auto& [key, member] : kTexts) notice.*member = text_or_empty(object, key);
  notice.since = time_of(object, "since");
  notice.at = time_of(object, "at");
  const json::value* labels = object.if_contains("labels");
  if (labels == nullptr || !labels->is_array()) return delivery;
  for (const json::value& pair : labels->get_array()) {
    const json::array* two = pair.if_array();
    if (two == nullptr || two->size() != 2 || !(*two)[0].is_string() || !(*two)[1].is_string()) continue;
    notice.labels.emplace_back(std::string((*two)[0].get_string()), std::string((*two)[1].get_string()));
  }
  return delivery;
}

} // namespace kairos::alerts
