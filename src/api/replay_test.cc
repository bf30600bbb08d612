// What of a request a replay may change, and what an asker may say.
#include "api/replay.h"

#include <gtest/gtest.h>

namespace kairos::api {
namespace {

const std::string kBody =
    R"({ "model": "gpt-4o", "n": 1.50, "messages": [{"role":"user","content":"h\u00e9"}], "seed": 7 })";

TEST(Overrides, WithoutAnyTheBytesStay) { EXPECT_EQ(with_overrides(kBody, "", {}), kBody); }

TEST(Overrides, ReplaceAddAndTakeOutWholeMembers) {
  const auto out = with_overrides(kBody, "claude \"x\"", {{"seed", "null"}, {"temperature", "0.5"}, {"top_p", "null"}});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(
      *out,
      R"({"model":"claude \"x\"","n": 1.50,"messages": [{"role":"user","content":"h\u00e9"}],"temperature":0.5})");
}

TEST(Overrides, KeysAreComparedUnescaped) {
  EXPECT_EQ(with_overrides(R"({"mod\u0065l":"a"})", "b", {}), R"({"mod\u0065l":"b"})");
  EXPECT_EQ(with_overrides("{}", "b", {}), R"({"model":"b"})");
}

TEST(Overrides, WhatIsNoObjectIsRefused) {
  EXPECT_FALSE(with_overrides("[]", "b", {}));
  EXPECT_FALSE(with_overrides("{", "b", {}));
}

TEST(Wish, NamesWhatIsWrong) {
  EXPECT_TRUE(parse_replay_wish(""));
  EXPECT_TRUE(parse_replay_wish("{}"));
  const auto full =
      parse_replay_wish(R"({"model_id":"m","overrides":{"a":null,"b":[1]},"body":"{}","allow_tools":true})");
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(full->overrides, (std::vector<std::pair<std::string, std::string>>{{"a", "null"}, {"b", "[1]"}}));
  EXPECT_EQ(full->body, "{}");
  for (const char* bad :
       {"[]", "{", R"({"model":"m"})", R"({"body":{}})", R"({"allow_tools":1})", R"({"overrides":[]})"})
    EXPECT_FALSE(parse_replay_wish(bad)) << bad;
}

} // namespace
} // namespace kairos::api
