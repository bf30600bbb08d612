// Which answers are tried again, when, and what an SMTP conversation came to.
#include "alerts/retry.h"

#include <gtest/gtest.h>

#include "alerts/smtp_dialogue.h"

namespace kairos::alerts {
namespace {

using std::chrono::seconds;

TEST(Retry, OnlyAnswersThatCanChange) {
  for (const int status : {0, 100, 408, 425, 429, 500, 502, 503, 504, 599}) EXPECT_TRUE(retry_http(status)) << status;
  for (const int status : {301, 302, 304, 400, 401, 403, 404, 409, 410, 413, 422})
    EXPECT_FALSE(retry_http(status)) << status;
  for (const int status : {0, 220, 354, 421, 450, 451, 452, 454, 500, 502, 535, 538})
    EXPECT_TRUE(retry_smtp(status)) << status;
  for (const int status : {550, 551, 552, 553, 554, 556}) EXPECT_FALSE(retry_smtp(status)) << status;
}

TEST(Retry, PausesDoubleUpToTheLongestAndAreSpread) {
  for (const std::string id : {"dlv_a", "dlv_b", "dlv_c"}) {
    for (int attempts = 1; attempts <= 5; ++attempts) {
      const Duration even = seconds(2) * (1 << (attempts - 1));
      EXPECT_GE(pause_after(attempts, seconds(2), id), even * 9 / 10);
      EXPECT_LE(pause_after(attempts, seconds(2), id), even * 11 / 10);
    }
    EXPECT_LE(pause_after(1'000'000, seconds(2), id), kLongestPause * 11 / 10);
    EXPECT_EQ(pause_after(7, seconds(2), id), pause_after(7, seconds(2), id));
  }
  EXPECT_NE(pause_after(3, seconds(2), "dlv_a"), pause_after(3, seconds(2), "dlv_b"));
}

TEST(Retry, HalfAnHourHoldsManyAttempts) {
  Duration total{};
  int attempts = 0;
  while (total < std::chrono::minutes(30)) total += pause_after(++attempts, seconds(2), "dlv_a");
  EXPECT_GE(attempts, 15);
  EXPECT_LE(attempts, 25);
}

TEST(SmtpDialogue, KnowsWhoWasRefused) {
  SmtpDialogue dialogue;
  dialogue.heard("220 mail.example.com ready\r\n");
  dialogue.said("MAIL FROM:<a@example.com>\r\n");
  dialogue.heard("250 ok\r\n");
  dialogue.said("RCPT TO:<b@example.com>\r\n");
  dialogue.heard("550-5.1.1 not here\r\n");
  EXPECT_TRUE(dialogue.refusals().empty());
  dialogue.heard("550 5.1.1 no such\x07mailbox\r\n");
  dialogue.said("RCPT TO:<c@example.com>\r\n");
  dialogue.heard("250 ok\r\n");
  dialogue.said("RCPT TO:<d@example.com>\r\n");
  dialogue.heard("451 greylisted");
  dialogue.said("DATA\r\n");
  dialogue.heard("354 go on\r\n");
  EXPECT_EQ(dialogue.code(), 354);
  dialogue.heard("554 5.7.1 spam\r\n");
  dialogue.said("QUIT\r\n");
  dialogue.heard("221 bye\r\n");
  EXPECT_EQ(dialogue.code(), 554);
  ASSERT_EQ(dialogue.refusals().size(), 2u);
  EXPECT_EQ(dialogue.refusals()[0].recipient, "b@example.com");
  EXPECT_EQ(dialogue.refusals()[0].code, 550);
  EXPECT_EQ(dialogue.refusals()[0].text, "5.1.1 no such mailbox");
  EXPECT_EQ(dialogue.refusals()[1].recipient, "d@example.com");
}

TEST(SmtpDialogue, KeepsItsSizeWhateverIsSaid) {
  SmtpDialogue dialogue;
  for (const char* line : {"", "\r\n", "5", "55", "abc def", "-550 x", "5500 x", "\xff\xff\xff"}) dialogue.heard(line);
  EXPECT_EQ(dialogue.code(), 0);
  dialogue.said("RCPT TO:<");
  dialogue.heard("550");
  EXPECT_EQ(dialogue.code(), 550);
  EXPECT_TRUE(dialogue.refusals().empty());
  for (int i = 0; i < 1000; ++i) {
    dialogue.said("RCPT TO:<x@example.com>\r\n");
    dialogue.heard("450 " + std::string(10'000, 'x'));
  }
  EXPECT_LE(dialogue.refusals().size(), 200u);
  EXPECT_LE(dialogue.text().size(), 200u);
}

} // namespace
} // namespace kairos::alerts
