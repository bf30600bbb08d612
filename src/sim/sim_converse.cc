// Bedrock's converse. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
#include "net/event_stream.h"
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view kConverseSignature = "c2ltdWxhdGVk";

struct ConverseAnswer {
  const SimRequest& request;
  Generated generated;
  std::vector<SimCall> calls;
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
  if (answer.generated.refused) return "content_filtered";
  if (answer.generated.cut) return "max_tokens";
  if (!answer.generated.stop.empty()) return "stop_sequence";
  return answer.request.tool ? "tool_use" : "end_turn";
}

json::object call_block(const SimCall& made) {
  boost::system::error_code cut_short;
  json::value input = json::parse(join_tokens(*made.tokens), cut_short);
  if (cut_short) input = json::object();
  json::object call = {{"toolUseId", made.id}, {"name", made.tool->name}, {"input", std::move(input)}};
  json::object block;
  block["toolUse"] = std::move(call);
  return block;
}

json::object thought_block() {
  json::object text = {{"text", kThought}, {"signature", kConverseSignature}};
  json::object reasoning;
  reasoning["reasoningText"] = std::move(text);
  json::object block;
  block["reasoningContent"] = std::move(reasoning);
  return block;
}

std::string whole_answer(const ConverseAnswer& answer, bool with_usage) {
  json::array content;
  if (answer.request.shows_thoughts) content.push_back(thought_block());
  for (const SimCall& call : answer.calls) content.push_back(call_block(call));
  if (answer.calls.empty()) content.push_back(json::object{{"text", answer.generated.text()}});
  json::object message = {{"role", "assistant"}, {"content", std::move(content)}};
  json::object output;
  output["message"] = std::move(message);
  json::object body = {{"output", std::move(output)}, {"stopReason", stop_reason(answer)}};
  if (with_usage) body["usage"] = make_usage(answer);
  body["metrics"] = json::object{{"latencyMs", 42}};
  return json::serialize(body);
}

/// Writes the messages of one event stream.
class ConverseEventWriter {
public:
  ConverseEventWriter(const ConverseAnswer& answer, bool with_usage) : answer_(answer), with_usage_(with_usage) {}

  std::vector<Piece> write() {
    add("messageStart", {{"role", "assistant"}});
    if (answer_.request.shows_thoughts) write_thought();
    for (const SimCall& call : answer_.calls) write_call(call);
    if (answer_.calls.empty()) write_text();
    add("messageStop", {{"stopReason", stop_reason(answer_)}});
    json::object metadata = {{"metrics", {{"latencyMs", 42}}}};
    if (with_usage_) metadata["usage"] = make_usage(answer_);
    add("metadata", std::move(metadata));
    return std::move(pieces_);
  }

private:
  void write_thought() {
    delta("reasoningContent", json::object{{"text", kThought}});
    delta("reasoningContent", json::object{{"signature", kConverseSignature}});
    end_block();
  }
  void write_call(const SimCall& made) {
    json::object call = {{"toolUseId", made.id}, {"name", made.tool->name}};
    json::object start;
    start["toolUse"] = std::move(call);
    add("contentBlockStart", {{"start", std::move(start)}, {"contentBlockIndex", index_}});
    for (const std::string& token : *made.tokens) delta("toolUse", json::object{{"input", token}});
    end_block();
  }
  void write_text() {
    for (const std::string& token : answer_.generated.tokens) delta("text", json::string(token));
    end_block();
  }
  void end_block() {
    add("contentBlockStop", {{"contentBlockIndex", index_}});
    ++index_;
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
  ConverseAnswer answer{request, {}, {}};
  answer.generated = generate(request, random, true);
  answer.calls = calls_of(request, answer.generated, "tooluse_sim", random);
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return ConverseEventWriter(answer, !controls.no_usage).write();
}

} // namespace kairos::sim
