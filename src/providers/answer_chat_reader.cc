// OpenAI chat completions, and what servers like them say, → AnswerEvents.
// platform.openai.com/docs/api-reference/chat-streaming
#include "providers/answer_translation.h"

namespace kairos::providers {
namespace {

using Kind = AnswerEvent::Kind;

FinishReason chat_finish_reason(std::string_view word) {
  if (word == "length" || word == "model_length") return FinishReason::kLength;
  if (word == "tool_calls" || word == "function_call") return FinishReason::kToolCalls;
  return word == "content_filter" ? FinishReason::kContentFilter : FinishReason::kStop;
}

class ChatReader final : public AnswerReader {
public:
  void on_event(std::string_view, std::string_view data, std::vector<AnswerEvent>& out) override {
    if (data != "[DONE]") return take(data, out);
    if (started_ && !failed_) finish("", out); // some servers never say why they ended
  }
  void on_body(std::string_view json, std::vector<AnswerEvent>& out) override { take(json, out); }

private:
  /// Deltas of parallel calls may come in turns, but events have one block after the other: the first call is passed
  /// on as it comes, the others when all are there.
  struct HeldCall {
    std::int64_t index = 0;
    AnswerEvent start;
    std::string arguments;
  };

  void take(std::string_view json, std::vector<AnswerEvent>& out) {
    const auto root = parse_json(json);
    if (!root || !root->is_object() || failed_) return;
    if (member(*root, "error")) {
      failed_ = true;
      out.push_back({.kind = Kind::kError, .error = read_stream_error(model::Dialect::kOpenAi, json)});
      return;
    }
    if (!started_) {
      started_ = true;
      out.push_back({.kind = Kind::kStart,
                     .text = std::string(text_member(*root, "model")),
                     .id = std::string(text_member(*root, "id"))});
    }
    take_usage(*root, out);
    const auto choices = array_member(*root, "choices");
    if (!choices) return;
    for (const Json choice : *choices) {
      if (count_member(choice, "index").value_or(0) == 0) take_choice(choice, out);
    }
  }

  static void take_usage(Json root, std::vector<AnswerEvent>& out) {
    auto usage = member(root, "usage");
    const auto groq = member(root, "x_groq"); // console.groq.com/docs/api-reference
    if (!usage && groq) usage = member(*groq, "usage");
    const auto read = usage ? read_usage(UsageShape::kOpenAiChat, to_text(*usage)) : std::nullopt;
    if (read) out.push_back({.kind = Kind::kUsage, .usage = *read});
  }

  void take_choice(Json choice, std::vector<AnswerEvent>& out) {
    auto message = member(choice, "delta");
    if (!message) message = member(choice, "message");
    if (message) {
      for (const std::string_view field : {"reasoning_content", "reasoning"})
        add(Kind::kThinking, text_member(*message, field), out);
      take_content(*message, "content", Kind::kText, out);
      add(Kind::kRefusal, text_member(*message, "refusal"), out);
      if (const auto calls = array_member(*message, "tool_calls")) {
        for (const Json call : *calls) take_call(call, out);
      }
    }
    const std::string_view word = text_member(choice, "finish_reason");
    if (!word.empty()) finish(word, out);
  }

  /// Text, or (docs.mistral.ai/capabilities/reasoning) parts of text and thinking.
  void take_content(Json parent, std::string_view key, Kind kind, std::vector<AnswerEvent>& out) {
    add(kind, text_member(parent, key), out);
    const auto parts = array_member(parent, key);
    if (!parts) return;
    for (const Json part : *parts) {
      take_content(part, "text", kind, out);
      take_content(part, "thinking", Kind::kThinking, out); // no deeper than the parser allows
    }
  }

  void add(Kind kind, std::string_view text, std::vector<AnswerEvent>& out) {
    if (text.empty()) return;
    auto& into = calls_.empty() ? out : held_; // calls stand at the end of an answer
    into.push_back({.kind = kind, .text = std::string(text)});
  }

  HeldCall& call_of(Json call) {
    const auto index = count_member(call, "index");
    const std::string_view id = text_member(call, "id");
    for (HeldCall& known : calls_) {
      if (index ? known.index == *index : id.empty() || known.start.id == id) return known;
    }
    HeldCall fresh;
    fresh.index = index.value_or(static_cast<std::int64_t>(calls_.size()));
    fresh.start.kind = Kind::kToolStart;
    return calls_.emplace_back(std::move(fresh));
  }

  void take_call(Json call, std::vector<AnswerEvent>& out) {
    if (calls_.size() >= kMostCalls) return;
    HeldCall& held = call_of(call);
    const auto function = member(call, "function");
    const std::string_view arguments = function ? text_member(*function, "arguments") : std::string_view{};
    if (held.start.id.empty()) held.start.id = text_member(call, "id");
    if (held.start.name.empty() && function) held.start.name = text_member(*function, "name");
    if (&held != &calls_.front()) {
      held.arguments += arguments;
      return;
    }
    if (!first_begun_) out.push_back(held.start);
    first_begun_ = true;
    if (arguments.empty()) return;
    first_has_arguments_ = true;
    out.push_back({.kind = Kind::kToolArguments, .text = std::string(arguments)});
  }

  static void add_arguments(std::string arguments, std::vector<AnswerEvent>& out) {
    if (arguments.empty()) arguments = "{}";
    out.push_back({.kind = Kind::kToolArguments, .text = std::move(arguments)});
  }

  void finish(std::string_view word, std::vector<AnswerEvent>& out) {
    if (finished_) return;
    finished_ = true;
    if (first_begun_ && !first_has_arguments_) add_arguments("", out);
    for (size_t i = 1; i < calls_.size(); ++i) {
      out.push_back(std::move(calls_[i].start));
      add_arguments(std::move(calls_[i].arguments), out);
    }
    for (AnswerEvent& event : held_) out.push_back(std::move(event));
    held_.clear();
    FinishReason reason = chat_finish_reason(word);
    // OpenAI says "stop" where the client named the tool that had to be called.
    if (reason == FinishReason::kStop && !calls_.empty()) reason = FinishReason::kToolCalls;
    out.push_back({.kind = Kind::kFinish, .reason = reason});
  }

  static constexpr size_t kMostCalls = 1024;

  bool started_ = false;
  bool finished_ = false;
  bool failed_ = false;
  bool first_begun_ = false;
  bool first_has_arguments_ = false;
  std::vector<HeldCall> calls_;
  std::vector<AnswerEvent> held_;
};

} // namespace

std::unique_ptr<AnswerReader> make_chat_reader() { return std::make_unique<ChatReader>(); }

} // namespace kairos::providers
