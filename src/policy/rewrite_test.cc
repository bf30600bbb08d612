// What rules do to the bodies of each dialect, and that all other bytes stay as they were.
#include "policy/rewrite.h"

#include <gtest/gtest.h>

#include "policy/prompt_texts.h"

namespace kairos::policy {
namespace {

using config::RewriteRule;
using enum model::Endpoint;

RewriteRule rule(void (*fill)(RewriteRule&)) {
  RewriteRule one;
  one.id = "r";
  fill(one);
  return one;
}

std::string applied(model::Endpoint endpoint, std::string_view body, const RewriteRule& one) {
  const Rewritten done = rewrite(endpoint, body, std::span(&one, 1), 1);
  EXPECT_EQ(done.rules.empty(), done.body == body);
  return done.body;
}

const RewriteRule kAddSystem = rule([](RewriteRule& r) {
  r.system_start = "First \"this\".";
  r.system_end = "Last.";
});
const RewriteRule kAddUser = rule([](RewriteRule& r) {
  r.user_start = "Think.";
  r.user_end = "/short";
});
const RewriteRule kReplace = rule([](RewriteRule& r) { r.replace = {{"foo", "bar"}, {"please ", ""}}; });

TEST(Rewrite, AddsToASystemPromptThatIsThere) {
  EXPECT_EQ(
      applied(kChatCompletions,
              R"({"messages": [ {"role":"system","content":"A\u00e9"},{"role":"user","content":"B"}], "n":1.0})",
              kAddSystem),
      R"({"messages": [ {"role":"system","content":"First \"this\".\n\nA\u00e9\n\nLast."},{"role":"user","content":"B"}], "n":1.0})");
  EXPECT_EQ(
      applied(kMessages, R"({"max_tokens":5,"system":"A","messages":[{"role":"user","content":"B"}]})", kAddSystem),
      R"({"max_tokens":5,"system":"First \"this\".\n\nA\n\nLast.","messages":[{"role":"user","content":"B"}]})");
  EXPECT_EQ(
      applied(kMessages, R"({"system":[{"type":"text","text":"A","cache_control":{}},{"type":"text","text":"C"}]})",
              kAddSystem),
      R"({"system":[{"type":"text","text":"First \"this\".\n\nA","cache_control":{}},{"type":"text","text":"C\n\nLast."}]})");
  EXPECT_EQ(applied(kResponses, R"({"instructions":"","input":"B"})", kAddSystem),
            R"({"instructions":"First \"this\".\n\nLast.","input":"B"})");
}

TEST(Rewrite, MakesASystemPromptWhereThereIsNone) {
  EXPECT_EQ(
      applied(kChatCompletions, R"({"model":"m","messages":[{"content":"B","role":"user"}]})", kAddSystem),
      R"({"model":"m","messages":[{"role":"system","content":"First \"this\".\n\nLast."},{"content":"B","role":"user"}]})");
  EXPECT_EQ(applied(kMessages, R"({"messages":[{"role":"user","content":"B"}]})", kAddSystem),
            R"({"system":"First \"this\".\n\nLast.","messages":[{"role":"user","content":"B"}]})");
  EXPECT_EQ(applied(kResponses, R"({"input":"B"})", kAddSystem),
            R"({"instructions":"First \"this\".\n\nLast.","input":"B"})");
  EXPECT_EQ(
      applied(kChatCompletions, R"({"m\u0065ssages":[{"role":"user","content":"B"}]})", kAddSystem),
      R"({"m\u0065ssages":[{"role":"system","content":"First \"this\".\n\nLast."},{"role":"user","content":"B"}]})");
}

TEST(Rewrite, MakesNoSecondMemberOfAName) {
  for (const char* body : {R"({"instructions":null,"input":"B"})", R"({"input":"B","instruction\u0073":null})"})
    EXPECT_EQ(applied(kResponses, body, kAddSystem), body);
  EXPECT_EQ(applied(kMessages, R"({"system":[],"messages":[]})", kAddSystem), R"({"system":[],"messages":[]})");
  EXPECT_EQ(applied(kCompletions, R"({"prompt":"B"})", kAddSystem), R"({"prompt":"B"})");
  EXPECT_EQ(applied(kEmbeddings, R"({"input":"foo"})", kReplace), R"({"input":"foo"})");
}

TEST(Rewrite, AddsToTheLastMessageOfTheUser) {
  EXPECT_EQ(
      applied(
          kChatCompletions,
          R"({"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"content":[{"type":"text","text":"C"},{"type":"image_url"},{"type":"text","text":"D"}],"role":"user"},{"role":"assistant","content":"E"}]})",
          kAddUser),
      R"({"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"content":[{"type":"text","text":"Think.\n\nC"},{"type":"image_url"},{"type":"text","text":"D\n\n/short"}],"role":"user"},{"role":"assistant","content":"E"}]})");
  EXPECT_EQ(applied(kResponses, R"({"input":"A"})", kAddUser), R"({"input":"Think.\n\nA\n\n/short"})");
  EXPECT_EQ(
      applied(kResponses, R"({"input":[{"role":"user","content":[{"type":"input_text","text":"A"}]}]})", kAddUser),
      R"({"input":[{"role":"user","content":[{"type":"input_text","text":"Think.\n\nA\n\n/short"}]}]})");
  EXPECT_EQ(applied(kCompletions, R"({"prompt":"A"})", kAddUser), R"({"prompt":"Think.\n\nA\n\n/short"})");
}

TEST(Rewrite, ReplacesInTheTextsOfPeopleOnly) {
  EXPECT_EQ(
      applied(
          kChatCompletions,
          R"({"user":"foo","messages":[{"role":"system","content":"f\u006fo"},{"role":"assistant","content":"foo"},{"role":"tool","content":"foo","tool_call_id":"foo"},{"role":"user","content":"please say \"foo\"","name":"foo"}]})",
          kReplace),
      R"({"user":"foo","messages":[{"role":"system","content":"bar"},{"role":"assistant","content":"foo"},{"role":"tool","content":"foo","tool_call_id":"foo"},{"role":"user","content":"say \"bar\"","name":"foo"}]})");
}

TEST(Rewrite, RulesComeInTheirOrderAndOnlyThoseThatDidSomethingAreNamed) {
  std::vector<RewriteRule> rules(4);
  rules[0].id = "a";
  rules[0].replace = {{"one", "two"}};
  rules[1].id = "b";
  rules[1].replace = {{"never", ""}};
  rules[2].id = "c";
  rules[2].replace = {{"two", "three"}};
  rules[2].system_end = "two";
  rules[3].id = "d";
  rules[3].replace = {{"two", "four"}}; // does not see what c has added
  const Rewritten done = rewrite(kMessages, R"({"system":"one","messages":[]})", rules, 0b1111);
  EXPECT_EQ(done.body, R"({"system":"three\n\ntwo","messages":[]})");
  EXPECT_EQ(done.rules, "a,c");
  EXPECT_EQ(rewrite(kMessages, R"({"system":"one"})", rules, 0b0010).rules, "");
}

TEST(Rewrite, WhatAReplacementMayAddIsBounded) {
  const RewriteRule grow = rule([](RewriteRule& r) { r.replace = {{"a", std::string(60'000, 'b')}}; });
  const std::string body = R"({"prompt":")" + std::string(100'000, 'a') + R"("})";
  EXPECT_EQ(applied(kCompletions, body, grow), body);
}

TEST(Rewrite, WhitespaceIsCollapsedOutsideOfCode) {
  EXPECT_EQ(collapse_whitespace("a   b\t\tc  \n\n\n\n  indented   text\n```\nx   y  \n\n\n\nz\n```\nend   \n"),
            "a b c\n\n  indented text\n```\nx   y  \n\n\n\nz\n```\nend\n");
  EXPECT_EQ(collapse_whitespace(""), "");
  EXPECT_EQ(collapse_whitespace("\n"), "\n");
  EXPECT_EQ(collapse_whitespace("\t- a\n\t- b"), "\t- a\n\t- b");
  const std::string once = collapse_whitespace(" a \r\n\r\n\r\n b\n");
  EXPECT_EQ(collapse_whitespace(once), once);
}

TEST(Rewrite, LongParagraphsThatStoodThereBeforeAreDropped) {
  const RewriteRule drop = rule([](RewriteRule& r) { r.drop_duplicates = true; });
  const std::string longer(kLongParagraph, 'x');
  const std::string body = R"({"messages":[{"role":"user","content":")" + longer +
                           R"(\n\nfirst?"},{"role":"assistant","content":")" + longer +
                           R"("},{"role":"user","content":")" + longer + R"(\n\nsecond?\n\nsecond?"}]})";
  EXPECT_EQ(applied(kChatCompletions, body, drop), R"({"messages":[{"role":"user","content":")" + longer +
                                                       R"(\n\nfirst?"},{"role":"assistant","content":")" + longer +
                                                       R"("},{"role":"user","content":"second?\n\nsecond?"}]})");
}

TEST(Rewrite, RulesMatchByTenantCategoryAndModel) {
  std::vector<RewriteRule> rules(3);
  rules[1].tenants = {"acme"};
  rules[1].categories = {model::Category::kCode, model::Category::kChat};
  rules[2].models = {"claude-*", "gpt-5"};
  EXPECT_EQ(matching_rules(rules, "acme", model::Category::kCode, "claude-x"), 0b111U);
  EXPECT_EQ(matching_rules(rules, "acme", model::Category::kOther, "gpt-5"), 0b101U);
  EXPECT_EQ(matching_rules(rules, "rival", model::Category::kCode, "gpt-5.1"), 0b001U);
}

TEST(Rewrite, BodiesThatAreNothingStayAsTheyAre) {
  const RewriteRule all = rule([](RewriteRule& r) {
    r.collapse_whitespace = r.drop_duplicates = true;
    r.replace = {{"a", "b"}};
    r.user_end = "x";
  });
  for (const char* body :
       {"", "{", "[", "{}", R"({"messages":)", R"({"messages":"a"})", R"({"messages":[{"role":"user","content":"a)"})
    EXPECT_EQ(applied(kMessages, body, all), body);
}

} // namespace
} // namespace kairos::policy
