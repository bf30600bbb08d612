// What is the same request, and what is not.
#include "policy/cache_key.h"

#include <gtest/gtest.h>

namespace kairos::policy {
namespace {

TEST(CacheKey, OrderSpaceAndSpellingDoNotMatter) {
  const auto one = canonical_body(R"({"model":"auto","messages":[{"role":"user","content":"hé\n"}],"temperature":0})");
  const auto other = canonical_body(" { \"temperature\" : 0 ,\n\"messages\":[ {\"content\":\"h\\u00e9\\u000a\", "
                                    "\"role\" : \"us\\u0065r\"} ], \"mod\\u0065l\":\"auto\"} ");
  ASSERT_TRUE(one && other);
  EXPECT_EQ(*one, *other);
  EXPECT_EQ(*one, R"({"messages":[{"content":"hé\n","role":"user"}],"model":"auto","temperature":0})");
}

TEST(CacheKey, WhatDoesNotChangeTheAnswerIsLeftOut) {
  EXPECT_EQ(canonical_body(R"({"user":"a","a":{"user":"b"},"kairosroute":{"cache":"only"},"metadata":{}})"),
            canonical_body(R"({"a":{"user":"b"}})"));
  EXPECT_NE(canonical_body(R"({"a":{"user":"b"}})"), canonical_body(R"({"a":{"user":"c"}})"));
}

TEST(CacheKey, EverythingElseMatters) {
  const auto same = [](std::string_view a, std::string_view b) { return *canonical_body(a) == *canonical_body(b); };
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1.0})"));
  EXPECT_FALSE(same(R"({"a":"1"})", R"({"a":1})"));
  EXPECT_FALSE(same(R"({"a":[1,2]})", R"({"a":[2,1]})"));
  EXPECT_FALSE(same(R"({"a":null})", R"({})"));
  EXPECT_FALSE(same(R"({"a":"b\"c"})", R"({"a":"b\\\"c"})"));
  EXPECT_FALSE(same(R"({"stream":true})", R"({"stream":false})"));
  EXPECT_FALSE(same(R"({"store":true})", R"({"store":false})")); // or later requests could go on from nothing
  EXPECT_FALSE(same(R"({"a":{"b":1},"c":2})", R"({"a":{"b":1,"c":2}})"));
}

TEST(CacheKey, NoJsonAndNoBounds) {
  for (const char* wrong : {"", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":\"", "{\"a\":\"\\",
                            "{\"a\":1}x", "{\"a\":\"\\u12\"}"})
    EXPECT_FALSE(canonical_body(wrong)) << wrong;
  EXPECT_FALSE(canonical_body("{\"a\":\"" + std::string(kMaxCanonicalBody, 'x') + "\"}"));
  EXPECT_FALSE(canonical_body("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}"));
}

TEST(CacheKey, TheContextIsAllButTheLastMessageOfTheUser) {
  const auto context = canonical_context(
      R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"what \" is it?"}]})");
  EXPECT_EQ(context, R"({"messages":[{"content":"s","role":"system"},],"model":"m"})");
  EXPECT_EQ(
      context,
      canonical_context(
          R"({"messages":[{"role":"system","content":"s"},{"content":[{"type":"text","text":"tell"}],"role":"user"}],"model":"m"})"));
  EXPECT_EQ(canonical_context(R"({"input":"a","model":"m"})"), canonical_context(R"({"model":"m","input":"b"})"));
  for (const char* none :
       {R"({"model":"m"})", R"({"messages":[]})", R"({"messages":[{"role":"assistant","content":"a"}]})",
        R"({"messages":[{"role":"user","content":"a","name":"n"}]})", R"({"messages":[{"role":"user","content":[]}]})",
        R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]})",
        R"({"messages":[{"role":"user","content":"a"}],"input":"b"})"})
    EXPECT_FALSE(canonical_context(none)) << none;
}

TEST(CacheKey, Refusals) {
  EXPECT_FALSE(says_refusal(R"({"message":{"content":"a refusal","refusal":null}})"));
  EXPECT_FALSE(says_refusal("{\"refusal\" : null} {\"refusal\":null}"));
  EXPECT_TRUE(says_refusal(R"({"refusal":null,"x":{"refusal":"I cannot"}})"));
  EXPECT_TRUE(says_refusal(R"({"content":[{"type":"refusal","refusal":"no"}]})"));
  EXPECT_TRUE(says_refusal(R"({"refusal")"));
}

} // namespace
} // namespace kairos::policy
