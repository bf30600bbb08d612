// Bedrock's converse. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
#include "net/event_stream.h"
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view kThought = "Weighing what was asked. ";
constexpr std::string_view kSignature = "c2ltdWxhdGVk";

struct ConverseAnswer {
  const SimRequest& request;
  std::string call_id;
  Generated generated;
};

/// With a cachePoint a quarter of the prompt is read from the cache and a quarter written to it. Reasoning is part of
/// the output.
json::object make_usage(const ConverseAnswer& answer) {
  const std::int64_t prompt = answer.request.prompt_tokens;
  const std::int64_t quarter = answer.request.cache_control ? prompt / 4 : 0;
  const std::int64_t output = answer.generated.total_tokens();
  return {{"inputTokens", prompt - 2 * quarter},
          {"outputTokens", output},
          {"totalTokens", prompt + output},
          {"cacheReadInputTokens", quarter},
          {"cacheWriteInputTokens", quarter}};
}

std::string_view stop_reason(const ConverseAnswer& answer) {
  if (answer.generated.cut) return "max_tokens";
  return answer.request.tool ? "tool_use" : "end_turn";
}

json::object call_block(const ConverseAnswer& answer) {
  boost::system::error_code cut_short;
  json::value input = json::parse(answer.generated.text(), cut_short);
  if (cut_short) input = json::object();
  json::object call = {{"toolUseId", answer.call_id}, {"name", answer.request.tool->name}, {"input", std::move(input)}};
  json::object block;
  block["toolUse"] = std::move(call);
  return block;
}

json::object thought_block() {
  json::object text = {{"text", kThought}, {"signature", kSignature}};
  json::object reasoning;
  reasoning["reasoningText"] = std::move(text);
  json::object block;
  block["reasoningContent"] = std::move(reasoning);
  return block;
}

std::string whole_answer(const ConverseAnswer& answer, bool with_usage) {
  json::array content;
  if (answer.request.shows_thoughts) content.push_back(thought_block());
  content.push_back(answer.request.tool ? call_block(answer) : json::object{{"text", answer.generated.text()}});
  json::object message = {{"role", "assistant"}, {"content", std::move(content)}};
  json::object output;
  output["message"] = std::move(message);
  json::object body = {{"output", std::move(output)}, {"stopReason", stop_reason(answer)}};
  if (with_usage) body["usage"] = make_usage(answer);
  body["metrics"] = json::object{{"latencyMs", 42}};
  return json::serialize(body);
}

/// Writes the messages of one event stream.
class EventWriter {
public:
  EventWriter(const ConverseAnswer& answer, bool with_usage) : answer_(answer), with_usage_(with_usage) {}

  std::vector<Piece> write() {
    add("messageStart", {{"role", "assistant"}});
    if (answer_.request.shows_thoughts) write_thought();
    if (answer_.request.tool) write_call_start();
    for (const std::string& token : answer_.generated.tokens) write_token(token);
    add("contentBlockStop", {{"contentBlockIndex", index_}});
    add("messageStop", {{"stopReason", stop_reason(answer_)}});
    json::object metadata = {{"metrics", {{"latencyMs", 42}}}};
    if (with_usage_) metadata["usage"] = make_usage(answer_);
    add("metadata", std::move(metadata));
    return std::move(pieces_);
  }

private:
  void write_thought() {
    delta("reasoningContent", json::object{{"text", kThought}});
    delta("reasoningContent", json::object{{"signature", kSignature}});
    add("contentBlockStop", {{"contentBlockIndex", index_}});
    ++index_;
  }
  void write_call_start() {
    json::object call = {{"toolUseId", answer_.call_id}, {"name", answer_.request.tool->name}};
    json::object start;
    start["toolUse"] = std::move(call);
    add("contentBlockStart", {{"start", std::move(start)}, {"contentBlockIndex", index_}});
  }
  void write_token(const std::string& token) {
    if (answer_.request.tool)
      delta("toolUse", json::object{{"input", token}});
    else
      delta("text", json::string(token));
  }
  void delta(std::string_view name, json::value value) {
    json::object inside;
    inside[name] = std::move(value);
    add("contentBlockDelta", {{"delta", std::move(inside)}, {"contentBlockIndex", index_}});
  }
  void add(std::string_view type, json::object payload) {
    Piece piece;
    net::append_event_stream(piece.bytes, "event", type, json::serialize(payload));
    pieces_.push_back(std::move(piece));
  }

  const ConverseAnswer& answer_;
  const bool with_usage_;
  std::int64_t index_ = 0;
  std::vector<Piece> pieces_;
};

} // namespace

std::vector<Piece> converse_pieces(const SimRequest& request, const Controls& controls, Random random) {
  ConverseAnswer answer{request, make_id("tooluse_sim", random), {}};
  answer.generated = generate(request, random, true);
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return EventWriter(answer, !controls.no_usage).write();
}

} // namespace kairos::sim
