// OpenAI's responses and embeddings as they are simulated, and the controls that ask for what comes right.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/sim_engine.h"
#include "sim/testing/answer_bytes.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;
using testing::bytes_of;

json::value ask_ok(Endpoint endpoint, const std::string& body) {
  const SimAnswer answer = simulate(endpoint, body, "", {});
  EXPECT_EQ(answer.status, 200) << bytes_of(answer);
  return json::parse(bytes_of(answer));
}

/// The data of each event.
std::vector<json::value> ask_stream(Endpoint endpoint, const std::string& body) {
  std::vector<json::value> events;
  for (const Piece& piece : simulate(endpoint, body, "", {}).pieces) {
    const size_t data = piece.bytes.find("data: ");
    if (data != std::string::npos && piece.bytes.find("[DONE]") == std::string::npos)
      events.push_back(json::parse(piece.bytes.substr(data + 6)));
  }
  return events;
}

constexpr std::string_view kResponsesTools =
    R"("tools":[{"type":"function","name":"a","parameters":{"type":"object",)"
    R"("properties":{"city":{"type":"string"}}}},{"type":"function","name":"b"}])";

TEST(SimResponses, AWholeResponseIsWhatItsStreamEndsWith) {
  const std::string whole = R"({"model":"gpt-4.1","input":"hello","instructions":"be brief")";
  const json::value answer = ask_ok(Endpoint::kResponses, whole + "}");
  const auto events = ask_stream(Endpoint::kResponses, whole + R"(,"stream":true})");
  std::string text;
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].at("sequence_number").as_int64(), static_cast<std::int64_t>(i));
    if (events[i].at("type").as_string() == "response.output_text.delta") text += events[i].at("delta").as_string();
  }
  EXPECT_EQ(events.front().at("type").as_string(), "response.created");
  EXPECT_EQ(events.back().at("type").as_string(), "response.completed");
  EXPECT_EQ(events.back().at("response"), answer);
  EXPECT_EQ(answer.at("output").at(0).at("content").at(0).at("text").as_string(), text);
  EXPECT_EQ(answer.at("status").as_string(), "completed");
}

TEST(SimResponses, SaysWhyItIsNotComplete) {
  const auto answer = ask_ok(Endpoint::kResponses, R"({"model":"gpt-4.1","input":"hello","max_output_tokens":3})");
  EXPECT_EQ(answer.at("status").as_string(), "incomplete");
  EXPECT_EQ(answer.at("incomplete_details").at("reason").as_string(), "max_output_tokens");
  EXPECT_EQ(answer.at("usage").at("output_tokens").as_int64(), 3);
}

TEST(SimResponses, CallsSeveralToolsOnce) {
  const std::string ask_all = std::string(R"({"model":"gpt-4.1",)") + std::string(kResponsesTools);
  const auto answer = ask_ok(Endpoint::kResponses, ask_all + R"(,"input":"[[sim:tools=2]]"})");
  ASSERT_EQ(answer.at("output").as_array().size(), 2U);
  EXPECT_EQ(answer.at("output").at(0).at("name").as_string(), "a");
  EXPECT_TRUE(json::parse(answer.at("output").at(0).at("arguments").as_string()).at("city").is_string());
  EXPECT_EQ(answer.at("output").at(1).at("name").as_string(), "b");
  const auto after =
      ask_ok(Endpoint::kResponses, ask_all + R"(,"input":[{"role":"user","content":"[[sim:tools=2]]"},)"
                                             R"({"type":"function_call_output","call_id":"c","output":"x"}]})");
  EXPECT_EQ(after.at("output").at(0).at("type").as_string(), "message");
}

TEST(SimResponses, ThinksAndDeclinesWhenAsked) {
  const auto thought = ask_ok(Endpoint::kResponses, R"({"model":"gpt-4.1","input":"[[sim:think]]"})");
  EXPECT_EQ(thought.at("output").at(0).at("type").as_string(), "reasoning");
  EXPECT_GT(thought.at("usage").at("output_tokens_details").at("reasoning_tokens").as_int64(), 0);
  const auto declined = ask_ok(Endpoint::kResponses, R"({"model":"gpt-4.1","input":"[[sim:refuse]]"})");
  EXPECT_EQ(declined.at("output").at(0).at("content").at(0).at("type").as_string(), "refusal");
}

TEST(SimControls, SayAndStopInBothDialects) {
  const auto chat =
      ask_ok(Endpoint::kChatCompletions,
             R"({"model":"m","messages":[{"role":"user","content":"[[sim:say=a END b]]"}],"stop":"END"})");
  EXPECT_EQ(chat.at("choices").at(0).at("message").at("content").as_string(), "a ");
  const auto message =
      ask_ok(Endpoint::kMessages,
             R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"[[sim:say=a END b]]"}],)"
             R"("stop_sequences":["END"]})");
  EXPECT_EQ(message.at("content").at(0).at("text").as_string(), "a ");
  EXPECT_EQ(message.at("stop_reason").as_string(), "stop_sequence");
  EXPECT_EQ(message.at("stop_sequence").as_string(), "END");
}

TEST(SimControls, ParallelCallsAndThoughtsOfMessages) {
  const auto message =
      ask_ok(Endpoint::kMessages, R"({"model":"m","max_tokens":999,"thinking":{"type":"enabled","budget_tokens":1024},)"
                                  R"("tools":[{"name":"a","input_schema":{"type":"object"}}],)"
                                  R"("messages":[{"role":"user","content":"[[sim:tools=2]]"}]})");
  ASSERT_EQ(message.at("content").as_array().size(), 3U);
  EXPECT_EQ(message.at("content").at(0).at("type").as_string(), "thinking");
  EXPECT_NE(message.at("content").at(1).at("id"), message.at("content").at(2).at("id"));
  EXPECT_EQ(message.at("stop_reason").as_string(), "tool_use");
}

TEST(SimEmbeddings, OneVectorATextAndTheSameForTheSame) {
  const auto answer =
      ask_ok(Endpoint::kEmbeddings, R"({"model":"text-embedding-3-small","input":["a","b","a"],"dimensions":4})");
  ASSERT_EQ(answer.at("data").as_array().size(), 3U);
  EXPECT_EQ(answer.at("data").at(0).at("embedding").as_array().size(), 4U);
  EXPECT_EQ(answer.at("data").at(0).at("embedding"), answer.at("data").at(2).at("embedding"));
  EXPECT_NE(answer.at("data").at(0).at("embedding"), answer.at("data").at(1).at("embedding"));
  EXPECT_EQ(simulate(Endpoint::kEmbeddings, R"({"model":"m"})", "", {}).status, 400);
}

} // namespace
} // namespace kairos::sim
