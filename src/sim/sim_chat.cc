// OpenAI's chat completions. https://platform.openai.com/docs/api-reference/chat
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

struct ChatAnswer {
  const SimRequest& request;
  std::string id;
  std::vector<Generated> choices;
  std::vector<std::string> call_ids; // of the tool call of each choice
};

/// From 1,024 tokens on half of a prompt counts as cached, in steps of 128; Mistral's models have no cache.
std::int64_t cached_tokens(std::string_view model, std::int64_t prompt) {
  return prompt < 1024 || model.starts_with("mistral") ? 0 : prompt / 2 / 128 * 128;
}

json::object make_usage(const ChatAnswer& answer) {
  const std::int64_t prompt = answer.request.prompt_tokens;
  std::int64_t completion = 0;
  std::int64_t reasoning = 0;
  for (const Generated& choice : answer.choices) {
    completion += choice.total_tokens();
    reasoning += choice.reasoning_tokens;
  }
  return {
      {"prompt_tokens", prompt},
      {"completion_tokens", completion},
      {"total_tokens", prompt + completion},
      {"prompt_tokens_details", {{"cached_tokens", cached_tokens(answer.request.model, prompt)}, {"audio_tokens", 0}}},
      {"completion_tokens_details", {{"reasoning_tokens", reasoning}, {"audio_tokens", 0}}}};
}

std::string_view finish_reason(const ChatAnswer& answer, size_t index) {
  if (answer.choices[index].cut) return "length";
  return answer.request.tool ? "tool_calls" : "stop";
}

json::object make_head(const ChatAnswer& answer, std::string_view object) {
  return {{"id", answer.id}, {"object", object}, {"created", kCreated}, {"model", answer.request.model}};
}

json::object make_call(const ChatAnswer& answer, size_t index, std::string_view arguments) {
  json::object function = {{"name", answer.request.tool->name}, {"arguments", arguments}};
  return {{"id", answer.call_ids[index]}, {"type", "function"}, {"function", std::move(function)}};
}

json::object make_message(const ChatAnswer& answer, size_t index) {
  const std::string text = answer.choices[index].text();
  json::object message = {{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  if (answer.request.tool) {
    message["tool_calls"] = json::array{make_call(answer, index, text)};
  } else {
    message["content"] = text;
  }
  return message;
}

std::string whole_answer(const ChatAnswer& answer, bool with_usage) {
  json::object body = make_head(answer, "chat.completion");
  json::array choices;
  for (size_t i = 0; i < answer.choices.size(); ++i) {
    choices.push_back(json::object{{"index", i},
                                   {"message", make_message(answer, i)},
                                   {"logprobs", nullptr},
                                   {"finish_reason", finish_reason(answer, i)}});
  }
  body["choices"] = std::move(choices);
  if (with_usage) body["usage"] = make_usage(answer);
  return json::serialize(body);
}

/// Writes the events of one stream.
class ChunkWriter {
public:
  ChunkWriter(const ChatAnswer& answer, bool with_usage) : answer_(answer), with_usage_(with_usage) {}

  std::vector<Piece> write() {
    for (size_t i = 0; i < answer_.choices.size(); ++i) write_choice(i);
    if (with_usage_) {
      json::object last = make_head(answer_, "chat.completion.chunk");
      last["choices"] = json::array();
      last["usage"] = make_usage(answer_);
      add(json::serialize(last));
    }
    add("[DONE]");
    return std::move(pieces_);
  }

private:
  void write_choice(size_t index) {
    json::object first = {{"role", "assistant"}, {"content", ""}};
    if (answer_.request.tool) {
      json::object call = make_call(answer_, index, "");
      call["index"] = 0;
      first["content"] = nullptr;
      first["tool_calls"] = json::array{std::move(call)};
    }
    chunk(index, std::move(first), nullptr);
    for (const std::string& token : answer_.choices[index].tokens) chunk(index, make_delta(token), nullptr);
    chunk(index, json::object(), json::string(finish_reason(answer_, index)));
  }
  json::object make_delta(const std::string& token) const {
    if (!answer_.request.tool) return {{"content", token}};
    json::object function;
    function["arguments"] = token;
    json::object call;
    call["index"] = 0;
    call["function"] = std::move(function);
    json::object delta;
    delta["tool_calls"] = json::array{std::move(call)};
    return delta;
  }
  void chunk(size_t index, json::object delta, json::value reason) {
    json::object body = make_head(answer_, "chat.completion.chunk");
    body["choices"] = json::array{json::object{
        {"index", index}, {"delta", std::move(delta)}, {"logprobs", nullptr}, {"finish_reason", std::move(reason)}}};
    if (with_usage_) body["usage"] = nullptr;
    add(json::serialize(body));
  }
  void add(const std::string& data) { pieces_.push_back({{}, "data: " + data + "\n\n"}); }

  const ChatAnswer& answer_;
  const bool with_usage_;
  std::vector<Piece> pieces_;
};

} // namespace

std::vector<Piece> chat_pieces(const SimRequest& request, const Controls& controls, Random random) {
  ChatAnswer answer{request, make_id("chatcmpl-sim", random), {}, {}};
  for (std::int64_t i = 0; i < request.choices; ++i) {
    answer.choices.push_back(generate(request, random, true));
    answer.call_ids.push_back(make_id("call_sim", random));
  }
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return ChunkWriter(answer, request.include_usage && !controls.no_usage).write();
}

} // namespace kairos::sim
