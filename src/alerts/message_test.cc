// Messages in the shape that each kind of receiver wants.
#include "alerts/message.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

namespace kairos::alerts {
namespace {

namespace json = boost::json;

Notice notice() {
  Notice one;
  one.rule = "error-rate";
  one.title = "Many errors";
  one.headline = "error rate 12 % on <!channel> & co";
  one.figures = "12 % over 10 min";
  one.reason = "error rate at or above 5 %";
  one.incident = "inc_1";
  one.dedup_key = "kairosroute/error-rate/0011223344556677";
  one.labels = {{"tags.team", "a\r\nBcc: x@y.z"}};
  one.since = one.at = *parse_rfc3339("2026-11-23T00:00:00Z");
  one.view_url = "https://kr.example.com/alerts/error-rate/inc_1";
  one.receipts_url = "https://kr.example.com/receipts?a=1&b=2|x>";
  return one;
}

config::AlertChannel channel(const std::string& text) {
  auto one = config::parse_alert_channel(text, "channel");
  EXPECT_TRUE(one) << one.error().message;
  return *one;
}

TEST(Webhook, HasAlertmanagersShapeAndASignature) {
  const auto hook = channel(R"({"id":"h","kind":"webhook","url":"https://example.com/h","secret":"key"})");
  const WallTime now = *parse_rfc3339("2026-11-23T00:00:05Z");
  const HttpMessage message = webhook_message(hook, notice(), "dlv_1", now);
  const json::object body = json::parse(message.body).as_object();
  EXPECT_EQ(body.at("version"), "4");
  const json::object& alert = body.at("alerts").as_array().at(0).as_object();
  EXPECT_EQ(alert.at("endsAt"), "0001-01-01T00:00:00Z");
  EXPECT_TRUE(alert.at("labels").as_object().contains("tags_team"));
  EXPECT_EQ(message.headers.at(2).second, "1795392005");
  EXPECT_EQ(message.headers.at(3).second, "v1=" + hmac_sha256("key", "1795392005.dlv_1." + message.body));
}

TEST(Slack, IsEscapedAndWithinItsLimits) {
  const auto slack = channel(R"({"id":"s","kind":"slack","url":"https://hooks.slack.com/x"})");
  Notice long_one = notice();
  long_one.headline += std::string(5000, '&');
  for (const Notice& one : {notice(), long_one}) {
    const HttpMessage message = slack_message(slack, one);
    EXPECT_EQ(message.body.find("<!channel>"), std::string::npos);
    const json::object body = json::parse(message.body).as_object();
    for (const json::value& block : body.at("blocks").as_array()) {
      const json::value* text = block.as_object().if_contains("text");
      if (text != nullptr) {
        EXPECT_LE(text->at("text").as_string().size(), 3000u);
      }
    }
  }
}

TEST(PagerDuty, TriggersAndResolvesUnderOneKey) {
  const auto pager = channel(R"({"id":"p","kind":"pagerduty","routing_key":"0123456789abcdef0123456789abcdef"})");
  Notice one = notice();
  one.headline = std::string(3000, 'x');
  const json::object trigger = json::parse(pagerduty_message(pager, one).body).as_object();
  EXPECT_LE(trigger.at("payload").at("summary").as_string().size(), 1024u);
  one.kind = NoticeKind::kResolved;
  const json::object resolve = json::parse(pagerduty_message(pager, one).body).as_object();
  EXPECT_EQ(resolve.at("event_action"), "resolve");
  EXPECT_EQ(resolve.at("dedup_key"), trigger.at("dedup_key"));
  EXPECT_EQ(resolve.at("routing_key"), trigger.at("routing_key"));
  one.kind = NoticeKind::kAcknowledged;
  EXPECT_EQ(json::parse(pagerduty_message(pager, one).body).at("event_action"), "acknowledge");
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("short", 5), "short");
  EXPECT_EQ(shortened("longer", 5), "lo…");
  EXPECT_EQ(shortened("aä" + std::string(20, 'x'), 5), "a…");
  EXPECT_EQ(shortened("€€€€", 7), "€…");
}

TEST(Delivery, IsTheSameAfterARestart) {
  Delivery one;
  one.id = "dlv_1";
  one.channel = "hook";
  one.notice = notice();
  one.created = *parse_rfc3339("2026-11-23T00:00:05Z");
  one.notice.kind = NoticeKind::kReminder;
  one.notice.severity = config::AlertSeverity::kCritical;
  const auto again = delivery_from_json(to_json(one));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json(*again), to_json(one));
  for (const char* damaged : {"", "[]", "{}", R"({"id":"a","channel":"b","kind":"firing","severity":"loud"})",
                              R"({"id":"a","kind":"firing","severity":"warn"})"}) {
    EXPECT_FALSE(delivery_from_json(damaged)) << damaged;
  }
}

TEST(Delivery, HasAnIdOfItsOwnPerChannelIncidentAndKind) {
  std::set<std::string> ids;
  Notice one = notice();
  ids.insert(delivery_id(one, "a"));
  ids.insert(delivery_id(one, "b"));
  one.kind = NoticeKind::kResolved;
  ids.insert(delivery_id(one, "a"));
  one.incident = "inc_2";
  ids.insert(delivery_id(one, "a"));
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(delivery_id(one, "a"), delivery_id(one, "a"));
  EXPECT_LE(dedup_key(std::string(128, 'r'), std::string(9000, 'g')).size(), 255u);
}

TEST(Mail, NoNameMakesAHeader) {
  const auto mail = channel(
      R"({"id":"m","kind":"email","smtp":{"host":"smtp.example.com"},"from":"a@example.com","to":["b@example.com"]})");
  Notice one = notice();
  one.headline = "ä\r\nBcc: x@y.z" + std::string(300, '\x80');
  const MailMessage message = mail_message(mail, one, "dlv_1");
  EXPECT_EQ(mail_message(mail, one, "dlv_1").text, message.text) << "an attempt must be as good as another";
  const std::string head = message.text.substr(0, message.text.find("\r\n\r\n"));
  EXPECT_EQ(head.find("Bcc"), std::string::npos);
  EXPECT_NE(head.find("Message-ID: <dlv_1@example.com>"), std::string::npos);
}

} // namespace
} // namespace kairos::alerts
