#include "api/genai_messages.h"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace kairos::api {
namespace {

using model::Endpoint;

content::Kept kept(Endpoint endpoint, const std::string& request, const std::string& answer,
                   const char* type = "application/json") {
  content::Kept made;
  made.endpoint = endpoint;
  made.request = {request, request.size()};
  made.http_status = 200;
  made.content_type = type;
  made.answer = {answer, answer.size()};
  return made;
}

TEST(GenAiMessages, ChatCompletions) {
  const GenAiMessages made = genai_messages(
      kept(Endpoint::kChatCompletions,
           R"({"model":"m","messages":[{"role":"system","content":"Be brief."},
           {"role":"user","content":[{"type":"text","text":"What is \"this\"?"},{"type":"image_url","image_url":{"url":"https://e.com/a.png"}},
             {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
           {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"at\": 1}"}}]},
           {"role":"tool","tool_call_id":"c1","content":"a cat"}]})",
           R"({"choices":[{"index":0,"message":{"role":"assistant","content":"A cat."},"finish_reason":"stop"}]})"),
      "stop", 2'000);
  EXPECT_EQ(made.system_instructions, "") << "chat's own system messages stand in their place";
  EXPECT_EQ(
      made.input_messages,
      R"([{"role":"system","parts":[{"type":"text","content":"Be brief."}]},)"
      R"({"role":"user","parts":[{"type":"text","content":"What is \"this\"?"},{"type":"uri","modality":"image","uri":"https://e.com/a.png"},)"
      R"({"type":"blob","modality":"image","mime_type":"image/png","content":""}]},)"
      R"({"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"look","arguments":{"at":1}}]},)"
      R"({"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"a cat"}]}])");
  EXPECT_EQ(made.output_messages,
            R"([{"role":"assistant","parts":[{"type":"text","content":"A cat."}],"finish_reason":"stop"}])");
  EXPECT_FALSE(made.truncated);
}

TEST(GenAiMessages, AnthropicsSystemStandsApart) {
  const GenAiMessages made = genai_messages(
      kept(
          Endpoint::kMessages,
          R"({"system":[{"type":"text","text":"Be kind."}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1",
           "content":[{"type":"text","text":"21"}]},{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}}]}]})",
          R"({"content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"tool_use","id":"t2","name":"f","input":{"a":"b"}},{"type":"odd","secret":"s"}]})"),
      "tool_use", 2'000);
  EXPECT_EQ(made.system_instructions, R"([{"type":"text","content":"Be kind."}])");
  EXPECT_EQ(made.input_messages, R"([{"role":"user","parts":[{"type":"tool_call_response","id":"t1","response":"21"},)"
                                 R"({"type":"blob","modality":"image","mime_type":"image/jpeg","content":""}]}])");
  EXPECT_EQ(made.output_messages, R"([{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},)"
                                  R"({"type":"tool_call","id":"t2","name":"f","arguments":{"a":"b"}},{"type":"odd"}],)"
                                  R"("finish_reason":"tool_use"}])");
}

TEST(GenAiMessages, ResponsesAndCompletions) {
  const GenAiMessages made = genai_messages(
      kept(Endpoint::kResponses,
           R"({"instructions":"Be good.","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]},
           {"type":"function_call","call_id":"c","name":"f","arguments":"not json"},{"type":"function_call_output","call_id":"c","output":"1"}]})",
           R"({"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}]},
           {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]},{"type":"web_search_call","id":"w"}]})"),
      "completed", 2'000);
  EXPECT_EQ(made.system_instructions, R"([{"type":"text","content":"Be good."}])");
  EXPECT_EQ(made.input_messages,
            R"([{"role":"user","parts":[{"type":"text","content":"Hi"}]},)"
            R"({"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"f","arguments":"not json"}]},)"
            R"({"role":"tool","parts":[{"type":"tool_call_response","id":"c","response":"1"}]}])");
  EXPECT_EQ(made.output_messages,
            R"([{"role":"assistant","parts":[{"type":"reasoning","content":"so"}],"finish_reason":"completed"},)"
            R"({"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":"completed"},)"
            R"({"role":"assistant","parts":[{"type":"web_search_call"}],"finish_reason":"completed"}])");
  const GenAiMessages plain = genai_messages(
      kept(Endpoint::kCompletions, R"({"prompt":"Once"})", R"({"choices":[{"text":" upon"}]})"), "length", 2'000);
  EXPECT_EQ(plain.input_messages, R"([{"role":"user","parts":[{"type":"text","content":"Once"}]}])");
  EXPECT_EQ(plain.output_messages,
            R"([{"role":"assistant","parts":[{"type":"text","content":" upon"}],"finish_reason":"length"}])");
}

TEST(GenAiMessages, StreamsArePutTogether) {
  const std::string chat = R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}

data: {"choices":[{"index":0,"delta":{"content":"lo"}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}

data: [DONE]

)";
  EXPECT_EQ(
      genai_messages(kept(Endpoint::kChatCompletions, "{}", chat, "text/event-stream"), "", 2'000).output_messages,
      R"([{"role":"assistant","parts":[{"type":"text","content":"Hello"},)"
      R"({"type":"tool_call","id":"c","name":"f","arguments":{"a":1}}]}])");
  EXPECT_EQ(
      genai_messages(kept(Endpoint::kMessages, "{}", "already text", "text/plain; charset=utf-8"), "end_turn", 2'000)
          .output_messages,
      R"([{"role":"assistant","parts":[{"type":"text","content":"already text"}],"finish_reason":"end_turn"}])");
}

TEST(GenAiMessages, WhatRewritingMadeIsWhatTheModelWasAsked) {
  content::Kept made = kept(Endpoint::kCompletions, R"({"prompt":"before"})", R"({"choices":[]})");
  made.rewritten = {R"({"prompt":"after"})", 18};
  EXPECT_EQ(genai_messages(made, "", 2'000).input_messages,
            R"([{"role":"user","parts":[{"type":"text","content":"after"}]}])");
}

TEST(GenAiMessages, ErrorsAndWhatIsNoJsonGiveNothing) {
  content::Kept refused =
      kept(Endpoint::kChatCompletions, R"({"messages":[)", R"({"error":{"message":"quotes the prompt"}})");
  refused.http_status = 400;
  const GenAiMessages made = genai_messages(refused, "", 2'000);
  EXPECT_EQ(made.input_messages + made.output_messages + made.system_instructions, "");
  const GenAiMessages measured =
      genai_messages(kept(Endpoint::kEmbeddings, R"({"input":"x"})", R"({"data":[{"embedding":[1]}]})"), "", 2'000);
  EXPECT_EQ(measured.input_messages + measured.output_messages, "");
}

TEST(GenAiMessages, StayWithinTheBoundAndValid) {
  const auto mixed = [](size_t units) {
    std::string made;
    for (size_t i = 0; i < units; ++i) made += i % 7 == 0 ? "\\n" : i % 5 == 0 ? "ü" : i % 11 == 0 ? "😀" : "a";
    return made;
  };
  const std::string long_text = mixed(2'000);
  std::string request = R"({"system":")" + long_text + R"(","messages":[)";
  for (size_t i = 0; i < 40; ++i)
    request += std::string(R"({"role":"user","content":"message )") + std::to_string(i) + " " + mixed(i * 20) + "\"},";
  request += R"({"role":"user","content":"the newest"}]})";
  const std::string answer = R"({"content":[{"type":"text","text":")" + long_text + R"("}]})";
  for (size_t most = 0; most < 3'000; most += most < 200 ? 1 : 37) {
    const GenAiMessages made = genai_messages(kept(Endpoint::kMessages, request, answer), "end_turn", most);
    EXPECT_TRUE(made.truncated);
    for (const std::string& text : {made.system_instructions, made.input_messages, made.output_messages}) {
      EXPECT_LE(text.size(), most);
      simdjson::dom::parser parser;
      EXPECT_TRUE(text.empty() || parser.parse(text).error() == simdjson::SUCCESS) << most << " " << text;
    }
    if (most < 400) continue;
    EXPECT_GT(made.system_instructions.size(), most - 8) << "the room is used";
    EXPECT_NE(made.input_messages.find("the newest"), std::string::npos);
    EXPECT_EQ(made.input_messages.find("message 1 "), std::string::npos) << "the oldest go first";
  }
}

} // namespace
} // namespace kairos::api
