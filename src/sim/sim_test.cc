#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <map>

#include <chrono>

#include "net/event_stream.h"
#include "net/testing/test_client.h"
#include "sim/pace.h"
#include "sim/sim_engine.h"
#include "sim/sim_server.h"
#include "sim/testing/answer_bytes.h"
#include "sim/workload.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;
using net::testing::TestAnswer;
using net::testing::TestClient;
using testing::bytes_of;

std::string chat(const std::string& text, const std::string& more = "") {
  return R"({"model":"gpt-4.1","messages":[{"role":"user","content":")" + text + "\"}]" + more + "}";
}
std::string messages(const std::string& text, const std::string& more = "") {
  return R"({"model":"claude-x","max_tokens":500,"messages":[{"role":"user","content":")" + text + "\"}]" + more + "}";
}

SimAnswer ask(Endpoint endpoint, const std::string& body, std::uint64_t seed = 1) {
  return simulate(endpoint, body, "", {seed, 0});
}
json::value ask_json(Endpoint endpoint, const std::string& body) { return json::parse(bytes_of(ask(endpoint, body))); }

/// The JSON of each event but [DONE].
std::vector<json::value> events_of(const std::string& stream) {
  std::vector<json::value> events;
  for (size_t at = stream.find("data: "); at != std::string::npos; at = stream.find("data: ", at + 1)) {
    const std::string data = stream.substr(at + 6, stream.find('\n', at) - at - 6);
    if (data != "[DONE]") events.push_back(json::parse(data));
  }
  return events;
}

TEST(SimEngine, AnswersTheSameForTheSameSeedOnly) {
  const std::string body = chat("hello");
  EXPECT_EQ(bytes_of(ask(Endpoint::kChatCompletions, body)), bytes_of(ask(Endpoint::kChatCompletions, body)));
  EXPECT_NE(bytes_of(ask(Endpoint::kChatCompletions, body)), bytes_of(ask(Endpoint::kChatCompletions, body, 2)));
}

TEST(SimEngine, ChatStreamSaysTheSameAsTheWholeAnswer) {
  const auto whole = ask_json(Endpoint::kChatCompletions, chat("hello"));
  const auto stream =
      ask(Endpoint::kChatCompletions, chat("hello", R"(,"stream":true,"stream_options":{"include_usage":true})"));
  ASSERT_TRUE(stream.streamed);
  EXPECT_EQ(stream.pieces.back().bytes, "data: [DONE]\n\n");
  const auto events = events_of(bytes_of(stream));
  std::string text;
  for (const auto& event : events) {
    const auto& choices = event.at("choices").as_array();
    if (choices.empty()) continue;
    EXPECT_TRUE(event.at("usage").is_null());
    if (const auto* content = choices[0].at("delta").as_object().if_contains("content")) text += content->as_string();
  }
  EXPECT_EQ(text, whole.at("choices").at(0).at("message").at("content").as_string());
  EXPECT_TRUE(events.back().at("choices").as_array().empty());
  EXPECT_EQ(events.back().at("usage"), whole.at("usage"));
}

std::string gemini(const std::string& text) {
  return R"({"contents":[{"role":"user","parts":[{"text":")" + text + R"("}]}]})";
}
std::string converse(const std::string& text) {
  return R"({"messages":[{"role":"user","content":[{"text":")" + text + R"("}]}]})";
}

TEST(SimEngine, GeminiStreamSaysTheSameAsTheWholeAnswer) {
  const auto whole = json::parse(bytes_of(simulate(Endpoint::kGemini, gemini("hello"), "", {}, "gemini-2.5-pro")));
  const auto stream = simulate(Endpoint::kGeminiStream, gemini("hello"), "", {}, "gemini-2.5-pro");
  ASSERT_TRUE(stream.streamed);
  const auto events = events_of(bytes_of(stream));
  std::string text;
  for (const auto& event : events)
    text += event.at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string();
  EXPECT_EQ(text, whole.at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string());
  EXPECT_EQ(events.back().at("usageMetadata"), whole.at("usageMetadata"));
  EXPECT_GT(whole.at("usageMetadata").at("thoughtsTokenCount").as_int64(), 0);
}

TEST(SimEngine, ConverseStreamsAreFramed) {
  const auto whole = json::parse(bytes_of(simulate(Endpoint::kConverse, converse("hello"), "", {}, "m")));
  net::EventStreamReader reader;
  reader.feed(bytes_of(simulate(Endpoint::kConverseStream, converse("hello"), "", {}, "m")));
  std::string text;
  std::string names;
  json::value usage;
  for (auto message = reader.next(); message && *message; message = reader.next()) {
    const auto payload = json::parse((*message)->payload);
    if ((*message)->name == "contentBlockDelta") text += payload.at("delta").at("text").as_string();
    if ((*message)->name == "metadata") usage = payload.at("usage");
    if ((*message)->name != "contentBlockDelta") names.append((*message)->name).append(" ");
  }
  EXPECT_FALSE(reader.inside_message());
  EXPECT_EQ(names, "messageStart contentBlockStop messageStop metadata ");
  EXPECT_EQ(text, whole.at("output").at("message").at("content").at(0).at("text").as_string());
  EXPECT_EQ(usage, whole.at("usage"));
}

TEST(SimEngine, NativeServicesRefuseFieldsThatTheyDoNotHave) {
  const auto refused = [](Endpoint endpoint, const std::string& body) {
    return simulate(endpoint, body, "", {}, "m").status == 400;
  };
  EXPECT_TRUE(refused(Endpoint::kGemini, R"({"contents":[{"parts":[{"text":"hi"}]}],"max_tokens":5})"));
  EXPECT_TRUE(refused(Endpoint::kGemini, R"({"contents":[{"role":"user","parts":[{"txt":"hi"}]}]})"));
  EXPECT_TRUE(refused(Endpoint::kConverse, R"({"messages":[{"role":"user","content":[{"type":"text"}]}]})"));
  EXPECT_TRUE(refused(Endpoint::kConverse, R"({"messages":[{"role":"assistant","content":[{"text":"hi"}]}]})"));
  EXPECT_FALSE(refused(Endpoint::kGemini, gemini("hi")));
  EXPECT_FALSE(refused(Endpoint::kConverse, converse("hi")));
}

TEST(SimEngine, ChatUsageIsOnlyStreamedWhenAskedForAndNeverWithNoUsage) {
  const auto quiet = bytes_of(ask(Endpoint::kChatCompletions, chat("hello", R"(,"stream":true)")));
  EXPECT_EQ(quiet.find("usage"), std::string::npos);
  const auto refused = bytes_of(ask(Endpoint::kChatCompletions, chat("[[sim:no_usage]]")));
  EXPECT_EQ(refused.find("usage"), std::string::npos);
  EXPECT_EQ(bytes_of(ask(Endpoint::kMessages, messages("[[sim:no_usage]]", R"(,"stream":true)"))).find("usage"),
            std::string::npos);
}

TEST(SimEngine, CountsPromptAndCachedTokens) {
  const auto usage = ask_json(Endpoint::kChatCompletions, chat(std::string(8000, 'x'))).at("usage");
  EXPECT_EQ(usage.at("prompt_tokens").as_int64(), 2000);
  EXPECT_EQ(usage.at("prompt_tokens_details").at("cached_tokens").as_int64(), 896);
  const auto small = ask_json(Endpoint::kChatCompletions, chat("12345")).at("usage");
  EXPECT_EQ(small.at("prompt_tokens").as_int64(), 2);
  EXPECT_EQ(small.at("prompt_tokens_details").at("cached_tokens").as_int64(), 0);
}

TEST(SimEngine, StopsAtTheLimitReasoningIncluded) {
  for (const std::string name : {"max_tokens", "max_completion_tokens"}) {
    const auto answer = ask_json(Endpoint::kChatCompletions, chat("hello", ",\"" + name + "\":3"));
    EXPECT_EQ(answer.at("choices").at(0).at("finish_reason").as_string(), "length");
    EXPECT_EQ(answer.at("usage").at("completion_tokens").as_int64(), 3);
  }
  const std::string thinker =
      R"({"model":"o4-mini","max_completion_tokens":4,"messages":[{"role":"user","content":"x"}]})";
  const auto usage = ask_json(Endpoint::kChatCompletions, thinker).at("usage");
  EXPECT_EQ(usage.at("completion_tokens").as_int64(), 4);
  EXPECT_EQ(usage.at("completion_tokens_details").at("reasoning_tokens").as_int64(), 4);
}

constexpr std::string_view kChatTools =
    R"(,"tools":[{"type":"function","function":{"name":"a","parameters":{}}},{"type":"function","function":{"name":"b",)"
    R"("parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}}}])";

TEST(SimEngine, CallsTheNamedToolWithArgumentsOfItsSchema) {
  const std::string named = std::string(kChatTools) + R"(,"tool_choice":{"type":"function","function":{"name":"b"}})";
  const auto choice = ask_json(Endpoint::kChatCompletions, chat("x", named)).at("choices").at(0);
  const auto& function = choice.at("message").at("tool_calls").at(0).at("function");
  EXPECT_EQ(choice.at("finish_reason").as_string(), "tool_calls");
  EXPECT_EQ(function.at("name").as_string(), "b");
  const auto arguments = json::parse(function.at("arguments").as_string());
  EXPECT_TRUE(arguments.at("city").is_string());
  EXPECT_TRUE(arguments.at("days").is_number());

  std::string streamed;
  for (const auto& event :
       events_of(bytes_of(ask(Endpoint::kChatCompletions, chat("x", named + R"(,"stream":true)"))))) {
    const auto* calls = event.at("choices").at(0).at("delta").as_object().if_contains("tool_calls");
    if (calls != nullptr) streamed += calls->at(0).at("function").at("arguments").as_string();
  }
  EXPECT_EQ(streamed, function.at("arguments").as_string());
}

TEST(SimEngine, CallsAToolOnlyWhenItMust) {
  const auto free = ask_json(Endpoint::kChatCompletions, chat("x", std::string(kChatTools)));
  EXPECT_EQ(free.at("choices").at(0).at("finish_reason").as_string(), "stop");
  const auto forced =
      ask_json(Endpoint::kChatCompletions, chat("x", std::string(kChatTools) + R"(,"tool_choice":"required")"));
  EXPECT_EQ(forced.at("choices").at(0).at("message").at("tool_calls").at(0).at("function").at("name").as_string(), "a");
  const auto unknown = ask(Endpoint::kChatCompletions,
                           chat("x", std::string(kChatTools) + R"(,"tool_choice":{"function":{"name":"zzz"}})"));
  EXPECT_EQ(unknown.status, 400);
}

TEST(SimEngine, AnswersJsonInSeveralChoices) {
  const auto answer =
      ask_json(Endpoint::kChatCompletions, chat("x", R"(,"n":3,"response_format":{"type":"json_object"})"));
  ASSERT_EQ(answer.at("choices").as_array().size(), 3u);
  for (const auto& choice : answer.at("choices").as_array()) {
    EXPECT_TRUE(json::parse(choice.at("message").at("content").as_string()).is_object());
  }
}

TEST(SimEngine, MessagesStreamHasItsEventsInOrder) {
  const auto whole = ask_json(Endpoint::kMessages, messages("hello"));
  std::string order;
  std::string text;
  const auto events = events_of(bytes_of(ask(Endpoint::kMessages, messages("hello", R"(,"stream":true)"))));
  for (const auto& event : events) {
    const std::string type(event.at("type").as_string());
    if (type == "content_block_delta") text += event.at("delta").at("text").as_string();
    if (!order.ends_with(type + " ")) order += type + " ";
  }
  EXPECT_EQ(order, "message_start content_block_start ping content_block_delta content_block_stop message_delta "
                   "message_stop ");
  EXPECT_EQ(text, whole.at("content").at(0).at("text").as_string());
  EXPECT_EQ(events[events.size() - 2].at("usage").at("output_tokens"), whole.at("usage").at("output_tokens"));
}

TEST(SimEngine, MessagesUseToolsAndTheCache) {
  const std::string tools =
      R"(,"tools":[{"name":"t","input_schema":{"type":"object","properties":{"q":{"type":"string"}}}}],"tool_choice":{"type":"any"})";
  const auto answer = ask_json(Endpoint::kMessages, messages("x", tools));
  EXPECT_EQ(answer.at("stop_reason").as_string(), "tool_use");
  EXPECT_TRUE(answer.at("content").at(0).at("input").at("q").is_string());
  const std::string cached =
      R"(,"system":[{"type":"text","text":")" + std::string(396, 's') + R"(","cache_control":{"type":"ephemeral"}}])";
  const auto usage = ask_json(Endpoint::kMessages, messages("abcd", cached)).at("usage");
  EXPECT_EQ(usage.at("input_tokens").as_int64(), 50);
  EXPECT_EQ(usage.at("cache_read_input_tokens").as_int64(), 25);
  EXPECT_EQ(usage.at("cache_creation_input_tokens").as_int64(), 25);
}

TEST(SimEngine, RefusesWhatIsWrongInTheDialectsShape) {
  const std::string deep(100'000, '[');
  for (const std::string& body :
       {std::string(), std::string("[]"), deep, std::string(R"({"model":"m"})"),
        std::string(R"({"model":"m","messages":[1]})"), chat("x", R"(,"n":0)"), chat("x", R"(,"max_tokens":"many")"),
        chat("[[sim:status=200]]"), chat("[[sim:what]]"), chat("[[sim:slow=99999999999999999999]]")}) {
    const auto answer = ask(Endpoint::kChatCompletions, body);
    EXPECT_EQ(answer.status, 400) << body.substr(0, 80);
    EXPECT_EQ(json::parse(bytes_of(answer)).at("error").at("type").as_string(), "invalid_request_error");
  }
  const auto no_limit = ask(Endpoint::kMessages, chat("x"));
  EXPECT_EQ(no_limit.status, 400);
  EXPECT_EQ(json::parse(bytes_of(no_limit)).at("type").as_string(), "error");
}

TEST(SimEngine, DelaysByScaleAndBySlow) {
  const auto scaled = simulate(Endpoint::kChatCompletions, chat("x", R"(,"stream":true)"), "", {1, 0.5});
  const auto unscaled = simulate(Endpoint::kChatCompletions, chat("x", R"(,"stream":true)"), "", {1, 1});
  EXPECT_GT(scaled.pieces[0].delay, std::chrono::milliseconds(20));
  EXPECT_GT(scaled.pieces[1].delay, std::chrono::milliseconds(1));
  EXPECT_NEAR(static_cast<double>(unscaled.pieces[0].delay.count()),
              2.0 * static_cast<double>(scaled.pieces[0].delay.count()), 2);
  EXPECT_LT(unscaled.pieces[1].delay, unscaled.pieces[0].delay);
  const auto slow = simulate(Endpoint::kChatCompletions, chat("x", R"(,"stream":true)"), "slow=50", {1, 0});
  EXPECT_EQ(slow.pieces[0].delay, Duration::zero());
  EXPECT_EQ(slow.pieces[1].delay, std::chrono::milliseconds(50));
}

TEST(SimEngine, EachModelHasItsPaceAndItsSpread) {
  EXPECT_LT(pace_of("gpt-4.1-nano").first_ms, pace_of("gpt-4.1").first_ms);
  EXPECT_GT(pace_of("claude-haiku-4-5").tokens_per_second, pace_of("claude-opus-4-5").tokens_per_second);
  Random random(3);
  int below = 0;
  int far_above = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double factor = spread(random, 0.5);
    below += factor < 1;
    far_above += factor > 2.275; // exp(1.645 × 0.5)
  }
  EXPECT_NEAR(below, 5000, 200);
  EXPECT_NEAR(far_above, 500, 90);
}

TEST(Workload, PromptsAreSeededAndEveryTenantGetsItsShare) {
  Random one(5);
  Random other(5);
  std::map<std::string_view, int> counts;
  for (int i = 0; i < 5000; ++i) {
    const Workload& load = pick_workload(one);
    EXPECT_EQ(&load, &pick_workload(other));
    EXPECT_EQ(make_prompt(load.category, one), make_prompt(load.category, other));
    ++counts[load.tenant];
  }
  EXPECT_EQ(counts.size(), 5u);
  EXPECT_GT(counts["nova-labs-prod"], counts["northwind-clinic"]);
  EXPECT_GT(counts["northwind-clinic"], 10);
}

std::string raw_post(const std::string& body) {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class SimServerTest : public ::testing::Test {
public:
  void SetUp() override {
    const auto listening = server.listen();
    ASSERT_TRUE(listening) << listening.error().message;
    loop.start();
  }
  void TearDown() override { loop.stop(); }
  std::optional<TestAnswer> post(const std::string& body, std::string_view more_head = "") {
    return TestClient(server.local_port()).post("/v1/chat/completions", body, more_head);
  }
  std::string get(std::string_view target) {
    const auto answer = TestClient(server.local_port()).get(target);
    return answer ? answer->body : "no answer";
  }

  net::Loop loop{"sim"};
  SimServer server{loop, {}};
};

TEST_F(SimServerTest, ServesBothDialectsAndRemembersTheLastBodyByteForByte) {
  TestClient client(server.local_port());
  EXPECT_EQ(client.get("/sim/last")->status, 404);
  EXPECT_EQ(client.post("/v1/chat/completions", chat("hello"))->status, 200);
  const std::string odd = "  " + messages("h\\u00e9 llo", R"(,"stream" : true)") + "\n";
  const auto streamed = client.post("/v1/messages", odd);
  ASSERT_TRUE(streamed);
  EXPECT_EQ(streamed->header("Content-Type"), "text/event-stream");
  EXPECT_TRUE(streamed->body.ends_with("\"message_stop\"}\n\n"));
  EXPECT_EQ(client.get("/sim/last")->body, odd);
  EXPECT_NE(client.get("/v1/models")->body.find("gpt-4.1"), std::string::npos);
  EXPECT_NE(client.get("/v1/models", "anthropic-version: 2023-06-01\r\n")->body.find("claude"), std::string::npos);
  EXPECT_EQ(client.get("/sim/count")->body, "4");
  EXPECT_EQ(client.get("/v1/nothing")->status, 404);
}

TEST_F(SimServerTest, FailsByMessageAndByHeader) {
  const auto limited = post(chat("[[sim:status=429;retry_after=1]]"));
  ASSERT_TRUE(limited);
  EXPECT_EQ(limited->status, 429);
  EXPECT_EQ(limited->header("Retry-After"), "1");
  EXPECT_NE(limited->body.find("rate_limit"), std::string::npos);
  EXPECT_EQ(post(chat("[[sim:status=429]]"), "X-Sim: status=503\r\n")->status, 503);
  const auto overloaded = TestClient(server.local_port()).post("/v1/messages", messages("[[sim:status=529]]"));
  EXPECT_EQ(json::parse(overloaded->body).at("error").at("type").as_string(), "overloaded_error");
}

TEST_F(SimServerTest, ResetsBeforeAnswering) { EXPECT_FALSE(post(chat("[[sim:reset]]"))); }

TEST_F(SimServerTest, BreaksHalfWayStreamedOrNot) {
  for (const std::string more : {"", R"(,"stream":true)"}) {
    TestClient client(server.local_port());
    client.send(raw_post(chat("[[sim:break]]", more)));
    while (client.socket.receive()) {
    }
    EXPECT_FALSE(client.socket.input().ends_with("0\r\n\r\n"));
    EXPECT_NE(client.socket.input().find("chat.completion"), std::string::npos);
    EXPECT_EQ(client.socket.input().find("[DONE]"), std::string::npos);
  }
}

TEST_F(SimServerTest, StallsUntilTheClientLeaves) {
  TestClient client(server.local_port());
  const std::string body = chat("[[sim:stall]]");
  client.send(raw_post(body));
  while (get("/sim/count") != "1") {
  }
  client.socket.shutdown_send();
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(post(chat("hello"))->status, 200);
}

TEST_F(SimServerTest, SlowStreamTakesItsTime) {
  const auto before = std::chrono::steady_clock::now();
  const auto answer = post(chat("x", R"(,"stream":true,"max_tokens":3)"), "X-Sim: slow=10\r\n");
  ASSERT_TRUE(answer);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50)); // six pieces
}

TEST(SimServer, StopsWhileAnAnswerWaits) {
  net::Loop loop("sim");
  SimServer server(loop, {});
  ASSERT_TRUE(server.listen());
  loop.start();
  TestClient client(server.local_port());
  const std::string body = chat("[[sim:slow=60000]]", R"(,"stream":true)");
  client.send(raw_post(body));
  ASSERT_TRUE(client.socket.receive());
  const auto before = std::chrono::steady_clock::now();
  loop.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, net::Loop::kStopPatience);
  EXPECT_FALSE(client.read_answer());
}

} // namespace
} // namespace kairos::sim
