#include "gateway/answer_checks.h"

#include <gtest/gtest.h>

namespace kairos::gateway {
namespace {

const std::string kCascadePhrase = "i cannot help";

config::Cascade cascade() {
  config::Cascade cascade;
  cascade.phrases = {kCascadePhrase};
  return cascade;
}

std::string check(std::string_view finish, std::string_view body, bool wants_json = false) {
  return std::string(unsatisfying(cascade(), finish, body, wants_json));
}

TEST(AnswerChecks, FinishReasonsOfAllDialects) {
  for (const auto* const word : {"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"})
    EXPECT_EQ(check(word, "{}"), "length") << word;
  for (const auto* const word : {"content_filter", "refusal", "SAFETY", "guardrail_intervened"})
    EXPECT_EQ(check(word, "{}"), "refusal") << word;
  EXPECT_EQ(check("stop", "{}"), "") << "what is not understood passes";
  EXPECT_EQ(check("stop", "not json"), "");
}

TEST(AnswerChecks, TextsOfAllDialects) {
  const auto bodies = [](const std::string& text) {
    return std::vector<std::string>{
        R"({"choices":[{"message":{"content":")" + text + R"("}}]})",
        R"({"choices":[{"text":")" + text + R"("}]})",
        R"({"output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":")" + text +
            R"("}]}]})",
        R"({"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":")" + text + R"("}]})",
        R"({"candidates":[{"content":{"parts":[{"thought":true,"text":"hm"},{"text":")" + text + R"("}]}}]})",
        R"({"output":{"message":{"content":[{"text":")" + text + R"("}]}}})",
    };
  };
  for (const std::string& body : bodies("Fine.")) EXPECT_EQ(check("stop", body), "") << body;
  for (const std::string& body : bodies(" ")) EXPECT_EQ(check("stop", body), "empty") << body;
  for (const std::string& body : bodies("Sorry, I CANNOT help.")) EXPECT_EQ(check("stop", body), "phrase") << body;
  for (const std::string& body : bodies("{")) EXPECT_EQ(check("stop", body, true), "bad_json") << body;
  for (const std::string& body : bodies("[1]")) EXPECT_EQ(check("stop", body, true), "") << body;
}

TEST(AnswerChecks, ToolCallsAreAnswers) {
  for (const auto* const body :
       {R"({"choices":[{"message":{"content":null,"tool_calls":[{"id":"c"}]}}]})",
        R"({"content":[{"type":"tool_use","name":"f","input":{}}]})", R"({"output":[{"type":"function_call"}]})",
        R"({"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]})",
        R"({"output":{"message":{"content":[{"toolUse":{}}]}}})"})
    EXPECT_EQ(check("stop", body, true), "") << body;
}

TEST(AnswerChecks, RefusalsInFieldsOfTheirOwn) {
  EXPECT_EQ(check("stop", R"({"choices":[{"message":{"content":null,"refusal":"No."}}]})"), "refusal");
  EXPECT_EQ(check("completed", R"({"output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]})"),
            "refusal");
}

TEST(AnswerChecks, WhatIsSwitchedOffIsNotLookedFor) {
  config::Cascade none;
  none.on_length = none.on_refusal = none.on_empty = none.on_bad_json = false;
  EXPECT_EQ(unsatisfying(none, "length", R"({"choices":[{"message":{"content":""}}]})", true), "");
}

} // namespace
} // namespace kairos::gateway
