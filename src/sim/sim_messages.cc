// Anthropic's messages. https://docs.anthropic.com/en/api/messages and …/messages-streaming
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

struct MessagesAnswer {
  const SimRequest& request;
  std::string id;
  std::string call_id;
  Generated generated;
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
  return answer.request.tool ? "tool_use" : "end_turn";
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

json::object tool_block(const MessagesAnswer& answer, json::value input) {
  return {
      {"type", "tool_use"}, {"id", answer.call_id}, {"name", answer.request.tool->name}, {"input", std::move(input)}};
}

json::object whole_block(const MessagesAnswer& answer) {
  const std::string text = answer.generated.text();
  if (!answer.request.tool) return {{"type", "text"}, {"text", text}};
  boost::system::error_code cut_short;
  json::value input = json::parse(text, cut_short);
  if (cut_short) input = json::object();
  return tool_block(answer, std::move(input));
}

std::string whole_answer(const MessagesAnswer& answer, bool with_usage) {
  json::array content;
  content.push_back(whole_block(answer));
  json::object body = make_message(answer, std::move(content), json::string(stop_reason(answer)));
  if (with_usage) body["usage"] = make_usage(answer, answer.generated.total_tokens());
  return json::serialize(body);
}

/// Writes the events of one stream.
class EventWriter {
public:
  EventWriter(const MessagesAnswer& answer, bool with_usage) : answer_(answer), with_usage_(with_usage) {}

  std::vector<Piece> write() {
    write_start();
    for (const std::string& token : answer_.generated.tokens) {
      json::object delta = answer_.request.tool ? json::object{{"type", "input_json_delta"}, {"partial_json", token}}
                                                : json::object{{"type", "text_delta"}, {"text", token}};
      add("content_block_delta", {{"index", 0}, {"delta", std::move(delta)}});
    }
    add("content_block_stop", {{"index", 0}});
    json::object last = {{"delta", {{"stop_reason", stop_reason(answer_)}, {"stop_sequence", nullptr}}}};
    if (with_usage_) last["usage"] = json::object{{"output_tokens", answer_.generated.total_tokens()}};
    add("message_delta", std::move(last));
    add("message_stop", {});
    return std::move(pieces_);
  }

private:
  void write_start() {
    json::object message = make_message(answer_, json::array(), nullptr);
    if (with_usage_) message["usage"] = make_usage(answer_, 1);
    json::object start;
    start["message"] = std::move(message);
    add("message_start", std::move(start));
    json::object block =
        answer_.request.tool ? tool_block(answer_, json::object()) : json::object{{"type", "text"}, {"text", ""}};
    add("content_block_start", {{"index", 0}, {"content_block", std::move(block)}});
    add("ping", {});
  }
  void add(std::string_view type, json::object fields) {
    json::object data = {{"type", type}};
    for (auto& field : fields) data[field.key()] = std::move(field.value());
    pieces_.push_back({{}, "event: " + std::string(type) + "\ndata: " + json::serialize(data) + "\n\n"});
  }

  const MessagesAnswer& answer_;
  const bool with_usage_;
  std::vector<Piece> pieces_;
};

} // namespace

std::vector<Piece> messages_pieces(const SimRequest& request, const Controls& controls, Random random) {
  MessagesAnswer answer{request, make_id("msg_sim", random), make_id("toolu_sim", random), {}};
  answer.generated = generate(request, random, false);
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return EventWriter(answer, !controls.no_usage).write();
}

} // namespace kairos::sim
