// OpenAI's chat completions. https://platform.openai.com/docs/api-reference/chat
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

struct ChatAnswer {
  const SimRequest& request;
  std::string id;
  std::vector<Generated> choices;
  std::vector<std::vector<SimCall>> calls; // of each choice
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
  return answer.calls[index].empty() ? "stop" : "tool_calls";
}

json::object make_head(const ChatAnswer& answer, std::string_view object) {
  return {{"id", answer.id}, {"object", object}, {"created", kCreated}, {"model", answer.request.model}};
}

json::object make_call(const SimCall& call, std::string_view arguments) {
  json::object function = {{"name", call.tool->name}, {"arguments", arguments}};
  return {{"id", call.id}, {"type", "function"}, {"function", std::move(function)}};
}

/// As DeepSeek and others have it; OpenAI's own models show nothing.
bool shows_thought(const ChatAnswer& answer) { return answer.request.shows_thoughts; }

json::object make_message(const ChatAnswer& answer, size_t index) {
  const std::string text = answer.choices[index].text();
  json::object message = {{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  if (shows_thought(answer)) message["reasoning_content"] = kThought;
  json::array calls;
  for (const SimCall& call : answer.calls[index]) calls.push_back(make_call(call, join_tokens(*call.tokens)));
  if (!calls.empty()) {
    message["tool_calls"] = std::move(calls);
  } else {
    message[answer.choices[index].refused ? "refusal" : "content"] = text;
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
    chunk(index, {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, nullptr);
    if (shows_thought(answer_)) chunk(index, {{"reasoning_content", kThought}}, nullptr);
    const auto& calls = answer_.calls[index];
    for (size_t i = 0; i < calls.size(); ++i) write_call(index, calls[i], i);
    if (calls.empty()) {
      const std::string_view field = answer_.choices[index].refused ? "refusal" : "content";
      for (const std::string& token : answer_.choices[index].tokens) chunk(index, {{field, token}}, nullptr);
    }
    chunk(index, json::object(), json::string(finish_reason(answer_, index)));
  }
  void write_call(size_t index, const SimCall& call, size_t at) {
    json::object begin = make_call(call, "");
    begin["index"] = at;
    json::object delta;
    delta["tool_calls"] = json::array{std::move(begin)};
    chunk(index, std::move(delta), nullptr);
    for (const std::string& token : *call.tokens) {
      json::object function;
      function["arguments"] = token;
      json::object more;
      more["index"] = at;
      more["function"] = std::move(function);
      json::object next;
      next["tool_calls"] = json::array{std::move(more)};
      chunk(index, std::move(next), nullptr);
    }
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
  }
  for (const Generated& choice : answer.choices) answer.calls.push_back(calls_of(request, choice, "call_sim", random));
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return ChunkWriter(answer, request.include_usage && !controls.no_usage).write();
}

} // namespace kairos::sim
