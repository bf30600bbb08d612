// What holds for any text: linear time, by counting the bytes looked at; documents stay valid and differ inside of
// strings only; what was put in is not found again.
#include "policy/redact.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "policy/detect.h"
#include "policy/json_strings.h"

namespace kairos::policy {
namespace {

std::string repeated(std::string_view piece, size_t bytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) text += piece;
  return text;
}

/// Texts that make a careless recogniser read the same bytes again and again.
const std::vector<std::string>& hostile() {
  static const std::vector<std::string> kPieces = {"a",
                                                   "1",
                                                   " ",
                                                   "@",
                                                   "a@",
                                                   "a.",
                                                   "a@a.",
                                                   "@a",
                                                   "a-",
                                                   "-",
                                                   "1 ",
                                                   "1-",
                                                   "1.",
                                                   "0 ",
                                                   "4 ",
                                                   "12 ",
                                                   "123 ",
                                                   "1234 ",
                                                   "4111 ",
                                                   "4111 1111 1111 1112 ",
                                                   "+1",
                                                   "+1 ",
                                                   "+",
                                                   "(212) ",
                                                   "(",
                                                   "DE89",
                                                   "DE89 ",
                                                   "DE 89",
                                                   "AB12",
                                                   "AB 12 ",
                                                   "ab1 ",
                                                   "X1",
                                                   "X1 ",
                                                   "RSSMRA85T10A562T ",
                                                   "RSSMRA",
                                                   "eyJ",
                                                   "eyJ.",
                                                   "eyJ-",
                                                   "eyJaaaaaaaaaa.",
                                                   "eyJaaaaaaaaaa-",
                                                   "sk-",
                                                   "sk-sk-",
                                                   "SG.",
                                                   "ya29.",
                                                   "xoxb-",
                                                   "xoxb-xoxb ",
                                                   "AKIA",
                                                   "AKIA ",
                                                   "ghp_",
                                                   "-----BEGIN ",
                                                   "-----BEGIN PRIVATE KEY-----",
                                                   "-----BEGIN PRIVATE KEY-----x",
                                                   "-----END ",
                                                   "-----",
                                                   "=",
                                                   ":",
                                                   "pwd=",
                                                   "pwd:",
                                                   "pwd= ",
                                                   "password=",
                                                   "password=password:",
                                                   "password = \"",
                                                   "token:a1",
                                                   "secret=aB1",
                                                   "Bearer ",
                                                   "Bearer Bearer",
                                                   "bearer a1!",
                                                   "Basic ",
                                                   "://a:b@",
                                                   "//a:",
                                                   "a:b@",
                                                   "[EMAIL_1] ",
                                                   "\\",
                                                   "\"",
                                                   "\n",
                                                   std::string("\0", 1),
                                                   "\xff",
                                                   "\xf0\x9f\x98\x80",
                                                   "756.9217.0769.84 ",
                                                   "86095742718 ",
                                                   "123-45-",
                                                   "1 85 05 78 006 084 92 "};
  return kPieces;
}

TEST(Detector, IsLinearOnHostileTexts) {
  for (const std::string& piece : hostile()) {
    for (const size_t bytes : {size_t{1'000}, size_t{20'000}}) {
      const std::string text = repeated(piece, bytes);
      std::uint64_t steps = 0;
      detect(text, config::kAllPrivateKinds, &steps);
      EXPECT_LE(steps, kMostStepsPerByte * text.size() + 1'000) << piece << " " << bytes;
    }
  }
}

TEST(Detector, IsLinearOnMixtures) {
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    const std::string& a = hostile()[random() % hostile().size()];
    const std::string& b = hostile()[random() % hostile().size()];
    const std::string& c = hostile()[random() % hostile().size()];
    const std::string text = repeated(a + b + c, 5'000) + repeated(b, 5'000) + repeated(c + a, 5'000);
    std::uint64_t steps = 0;
    detect(text, config::kAllPrivateKinds, &steps);
    EXPECT_LE(steps, kMostStepsPerByte * text.size() + 1'000) << a << "|" << b << "|" << c;
  }
}

TEST(Detector, IsLinearOnDocuments) {
  for (const std::string& piece : hostile()) {
    std::string inside;
    escape(repeated(piece, 10'000), inside);
    for (const std::string& body :
         {"{\"content\":\"" + inside + "\"}", repeated("[\"" + inside.substr(0, 100) + "\",", 10'000)}) {
      std::uint64_t steps = 0;
      detect_json(body, config::kAllPrivateKinds, &steps);
      EXPECT_LE(steps, (kMostStepsPerByte + 4) * body.size() + 1'000) << piece;
    }
  }
}

TEST(Detector, FindsAreAscendingDisjointAndOfTheKindsAskedFor) {
  std::mt19937 random(2);
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i)
      text += hostile()[random() % hostile().size()] + (random() % 3 == 0 ? "anna@example.com " : "");
    const config::PrivateKinds kinds = static_cast<config::PrivateKinds>(random()) & config::kAllPrivateKinds;
    size_t last = 0;
    for (const Found& found : detect(text, kinds)) {
      EXPECT_GE(found.begin, last);
      EXPECT_GT(found.end, found.begin);
      EXPECT_LE(found.end, text.size());
      EXPECT_NE(kinds & config::bit(found.kind), 0U);
      last = found.end;
    }
  }
}

TEST(Detector, PrivateKeys) {
  const std::string block = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----";
  EXPECT_EQ(redact("key:\n" + block + "\nthat was it").text, "key:\n[PRIVATE_KEY_1]\nthat was it");
  EXPECT_EQ(redact("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk= and the rest was cut off").text,
            "[PRIVATE_KEY_1]");
  EXPECT_EQ(redact("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----").counts.total(), 0);
  std::string escaped;
  escape(block, escaped);
  EXPECT_EQ(redact_json("{\"a\":\"" + escaped + "!\"}").text, R"({"a":"[PRIVATE_KEY_1]!"})");
}

/// A document with the insides of its string values taken out.
std::string bones(std::string_view json) {
  std::string out;
  size_t copied = 0;
  JsonWalker walker(json);
  JsonValue value;
  while (walker.next(value)) {
    if (value.kind != JsonValue::Kind::kString) continue;
    out.append(json.substr(copied, value.begin - copied));
    copied = value.end;
  }
  return out.append(json.substr(copied));
}

TEST(Redaction, DocumentsDifferInsideOfStringsOnly) {
  const std::vector<std::string> samples = {"anna@example.com",
                                            "4111 1111 1111 1111",
                                            "DE89370400440532013000",
                                            "password=kX9vQ2mP7sR4",
                                            "+49 171 1234567",
                                            "plain",
                                            "é\"\\\n\t",
                                            "\xf0\x9f\x98\x80"};
  std::mt19937 random(3);
  for (int round = 0; round < 1'000; ++round) {
    std::string inside;
    for (int i = 0; i < 6; ++i) {
      std::string piece;
      escape(samples[random() % samples.size()] + " ", piece);
      if (random() % 2 == 0 && piece.find('\\') == piece.npos &&
          static_cast<unsigned char>(piece[0]) < 0x80) // one character, written otherwise
        piece = fmt::format("\\u{:04x}{}", static_cast<unsigned>(piece[0]), piece.substr(1));
      inside += piece;
    }
    const std::string body =
        fmt::format(R"({{"messages":[{{"role":"user","content":"{}"}},{{"content":["{}"]}}],"n":1}})", inside, inside);
    const Redacted done = redact_json(body);
    EXPECT_EQ(bones(done.text), bones(body));
    EXPECT_EQ(done.counts, detect_json(body, config::kAllPrivateKinds));
    EXPECT_EQ(redact_json(done.text).counts.total(), 0) << done.text;
    EXPECT_EQ(redact_json(done.text).text, done.text);
    std::string text;
    ASSERT_TRUE(unescape(inside, text));
    const Redacted plain = redact(text);
    std::string expected;
    escape(plain.text, expected);
    JsonWalker walker(done.text);
    JsonValue value;
    ASSERT_TRUE(walker.next(value) && walker.next(value)); // the role, then the content
    std::string got;
    ASSERT_TRUE(unescape(std::string_view(done.text).substr(value.begin, value.end - value.begin), got));
    EXPECT_EQ(got, plain.text);
  }
}

TEST(Redaction, NothingFoundNothingChanged) {
  for (const std::string& body :
       {std::string("{}"), std::string(""), std::string("{\"a\": \"b\\u0063\" , \"n\":1e5}"), std::string("[[["),
        std::string("\"\\u12"), std::string("\"\\"), std::string("{\"a\":\"\\ud800\"}")}) {
    EXPECT_EQ(redact_json(body).text, body);
  }
}

TEST(Redaction, OneValueHasOnePlaceholderInTheWholeBody) {
  EXPECT_EQ(
      redact_json(R"([{"content":"a@example.com b@example.com"},{"content":"b\u0040example.com a@example.com"}])").text,
      R"([{"content":"[EMAIL_1] [EMAIL_2]"},{"content":"[EMAIL_2] [EMAIL_1]"}])");
}

} // namespace
} // namespace kairos::policy
