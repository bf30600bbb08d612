// Anthropic's messages. https://docs.anthropic.com/en/api/messages and …/messages-streaming
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view kMessagesSignature = "c2ltdWxhdGVkIHNpZ25hdHVyZQ==";

struct MessagesAnswer {
  const SimRequest& request;
  std::string id;
  Generated generated;
  std::vector<SimCall> calls;
  bool thinks() const { return request.shows_thoughts; }
};

/// With cache_control a quarter of the prompt is read from the cache and a quarter written to it.
json::object make_usage(const MessagesAnswer& answer, std::int64_t output_tokens) {
  const std::int64_t prompt = answer.request.prompt_tokens;
  const std::int64_t quarter = answer.request.cache_control ? prompt / 4 : 0;
  return {{"input_tokens", prompt - 2 * quarter},
          {"cache_creation_input_tokens", quarter},
          {"cache_read_input_tokens", quarter},
          {"cache_creation", {{"ephemeral_5m_input_tokens", quarter}, {"ephemeral_1h_input_tokens", 0}}},
          {"output_tokens", output_tokens},
          {"service_tier", "standard"}};
}

std::string_view stop_reason(const MessagesAnswer& answer) {
  if (answer.generated.cut) return "max_tokens";
  if (answer.generated.refused) return "refusal";
  if (!answer.generated.stop.empty()) return "stop_sequence";
  return answer.calls.empty() ? "end_turn" : "tool_use";
}

json::value stop_sequence(const MessagesAnswer& answer) {
  if (answer.generated.stop.empty()) return nullptr;
  return json::string(answer.generated.stop);
}

json::object make_message(const MessagesAnswer& answer, json::array content, json::value reason) {
  return {{"id", answer.id},
          {"type", "message"},
          {"role", "assistant"},
          {"model", answer.request.model},
          {"content", std::move(content)},
          {"stop_reason", std::move(reason)},
          {"stop_sequence", nullptr}};
}

json::object tool_block(const SimCall& call, json::value input) {
  return {{"type", "tool_use"}, {"id", call.id}, {"name", call.tool->name}, {"input", std::move(input)}};
}

json::object whole_call(const SimCall& call) {
  boost::system::error_code cut_short;
  json::value input = json::parse(join_tokens(*call.tokens), cut_short);
  if (cut_short) input = json::object();
  return tool_block(call, std::move(input));
}

std::string whole_answer(const MessagesAnswer& answer, bool with_usage) {
  json::array content;
  if (answer.thinks())
    content.push_back(json::object{{"type", "thinking"}, {"thinking", kThought}, {"signature", kMessagesSignature}});
  for (const SimCall& call : answer.calls) content.push_back(whole_call(call));
  if (answer.calls.empty()) content.push_back(json::object{{"type", "text"}, {"text", answer.generated.text()}});
  json::object body = make_message(answer, std::move(content), json::string(stop_reason(answer)));
  body["stop_sequence"] = stop_sequence(answer);
  if (with_usage) body["usage"] = make_usage(answer, answer.generated.total_tokens());
  return json::serialize(body);
}

/// Writes the events of one stream.
class MessagesEventWriter {
public:
  MessagesEventWriter(const MessagesAnswer& answer, bool with_usage) : answer_(answer), with_usage_(with_usage) {}

  std::vector<Piece> write() {
    json::object message = make_message(answer_, json::array(), nullptr);
    if (with_usage_) message["usage"] = make_usage(answer_, 1);
    json::object start;
    start["message"] = std::move(message);
    add("message_start", std::move(start));
    if (answer_.thinks()) write_thought();
    for (const SimCall& call : answer_.calls)
      write_block(tool_block(call, json::object()), *call.tokens, "input_json_delta", "partial_json");
    if (answer_.calls.empty())
      write_block({{"type", "text"}, {"text", ""}}, answer_.generated.tokens, "text_delta", "text");
    json::object delta = {{"stop_reason", stop_reason(answer_)}};
    delta["stop_sequence"] = stop_sequence(answer_);
    json::object last;
    last["delta"] = std::move(delta);
    if (with_usage_) last["usage"] = json::object{{"output_tokens", answer_.generated.total_tokens()}};
    add("message_delta", std::move(last));
    add("message_stop", {});
    return std::move(pieces_);
  }

private:
  void write_thought() {
    begin({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
    delta({{"type", "thinking_delta"}, {"thinking", kThought}});
    delta({{"type", "signature_delta"}, {"signature", kMessagesSignature}});
    end();
  }
  void write_block(json::object block, const std::vector<std::string>& tokens, std::string_view type,
                   std::string_view field) {
    begin(std::move(block));
    for (const std::string& token : tokens) delta({{"type", type}, {field, token}});
    end();
  }
  void begin(json::object block) {
    add("content_block_start", {{"index", index_}, {"content_block", std::move(block)}});
    if (index_ == 0) add("ping", {});
  }
  void delta(json::object what) { add("content_block_delta", {{"index", index_}, {"delta", std::move(what)}}); }
  void end() { add("content_block_stop", {{"index", index_++}}); }
  void add(std::string_view type, json::object fields) {
    json::object data = {{"type", type}};
    for (auto& field : fields) data[field.key()] = std::move(field.value());
    pieces_.push_back({{}, "event: " + std::string(type) + "\ndata: " + json::serialize(data) + "\n\n"});
  }

  const MessagesAnswer& answer_;
  const bool with_usage_;
  int index_ = 0;
  std::vector<Piece> pieces_;
};

} // namespace

std::vector<Piece> messages_pieces(const SimRequest& request, const Controls& controls, Random random) {
  MessagesAnswer answer{request, make_id("msg_sim", random), {}, {}};
  answer.generated = generate(request, random, request.thinks);
  answer.calls = calls_of(request, answer.generated, "toolu_sim", random);
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return MessagesEventWriter(answer, !controls.no_usage).write();
}

} // namespace kairos::sim
