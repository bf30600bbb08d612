// Anthropic's messages → AnswerEvents: docs.anthropic.com/en/docs/build-with-claude/streaming.
#include "providers/answer_translation.h"

namespace kairos::providers {
namespace {

using Kind = AnswerEvent::Kind;

FinishReason messages_finish_reason(std::string_view word) {
  if (word == "max_tokens" || word == "model_context_window_exceeded") return FinishReason::kLength;
  if (word == "tool_use") return FinishReason::kToolCalls;
  return word == "refusal" ? FinishReason::kContentFilter : FinishReason::kStop;
}

class MessagesReader final : public AnswerReader {
public:
  void on_event(std::string_view, std::string_view data, std::vector<AnswerEvent>& out) override {
    const auto root = parse_json(data);
    if (!root || !root->is_object()) return;
    const std::string_view type = text_member(*root, "type");
    if (type == "message_start") {
      if (const auto message = member(*root, "message")) start(*message, out);
    } else if (type == "content_block_start") {
      if (const auto block = member(*root, "content_block")) begin_block(*block, out);
    } else if (type == "content_block_delta") {
      if (const auto delta = member(*root, "delta")) take_delta(*delta, out);
    } else if (type == "content_block_stop") {
      end_block(out);
    } else if (type == "message_delta") {
      if (const auto delta = member(*root, "delta")) finish(*delta, out);
      take_usage(*root, out);
    } else if (type == "error") {
      out.push_back({.kind = Kind::kError, .error = read_stream_error(model::Dialect::kAnthropic, data)});
    }
  }

  void on_body(std::string_view json, std::vector<AnswerEvent>& out) override {
    const auto root = parse_json(json);
    if (!root || !root->is_object()) return;
    start(*root, out);
    if (const auto content = array_member(*root, "content")) {
      for (const Json block : *content) {
        begin_block(block, out);
        end_block(out);
      }
    }
    finish(*root, out);
  }

private:
  void start(Json message, std::vector<AnswerEvent>& out) {
    out.push_back({.kind = Kind::kStart,
                   .text = std::string(text_member(message, "model")),
                   .id = std::string(text_member(message, "id"))});
    take_usage(message, out);
  }

  /// What a stream says at its begin and at its end belongs together.
  void take_usage(Json parent, std::vector<AnswerEvent>& out) {
    const auto usage = member(parent, "usage");
    const auto read = usage ? read_usage(UsageShape::kAnthropic, to_text(*usage)) : std::nullopt;
    if (!read) return;
    merge_usage(UsageShape::kAnthropic, usage_, *read);
    out.push_back({.kind = Kind::kUsage, .usage = usage_});
  }

  static void add(Kind kind, std::string_view text, std::vector<AnswerEvent>& out) {
    if (!text.empty()) out.push_back({.kind = kind, .text = std::string(text)});
  }

  void begin_block(Json block, std::vector<AnswerEvent>& out) {
    const std::string_view type = text_member(block, "type");
    if (type == "text") add(Kind::kText, text_member(block, "text"), out);
    if (type == "thinking") {
      add(Kind::kThinking, text_member(block, "thinking"), out);
      add(Kind::kThinkingSignature, text_member(block, "signature"), out);
    }
    if (type == "redacted_thinking") add(Kind::kRedactedThinking, text_member(block, "data"), out);
    in_call_ = type == "tool_use";
    if (!in_call_) return;
    out.push_back({.kind = Kind::kToolStart,
                   .id = std::string(text_member(block, "id")),
                   .name = std::string(text_member(block, "name"))});
    const auto input = object_member(block, "input");
    has_arguments_ = input && input->size() > 0; // streams begin with an empty one
    if (has_arguments_) add(Kind::kToolArguments, to_text(*member(block, "input")), out);
  }

  void take_delta(Json delta, std::vector<AnswerEvent>& out) {
    const std::string_view type = text_member(delta, "type");
    if (type == "text_delta") add(Kind::kText, text_member(delta, "text"), out);
    if (type == "thinking_delta") add(Kind::kThinking, text_member(delta, "thinking"), out);
    if (type == "signature_delta") add(Kind::kThinkingSignature, text_member(delta, "signature"), out);
    if (type != "input_json_delta" || !in_call_) return;
    const std::string_view more = text_member(delta, "partial_json");
    has_arguments_ = has_arguments_ || !more.empty();
    add(Kind::kToolArguments, more, out);
  }

  void end_block(std::vector<AnswerEvent>& out) {
    if (in_call_ && !has_arguments_) add(Kind::kToolArguments, "{}", out);
    in_call_ = false;
  }

  static void finish(Json from, std::vector<AnswerEvent>& out) {
    const std::string_view word = text_member(from, "stop_reason");
    if (word.empty()) return;
    out.push_back({.kind = Kind::kFinish,
                   .text = std::string(text_member(from, "stop_sequence")),
                   .reason = messages_finish_reason(word)});
  }

  model::Usage usage_;
  bool in_call_ = false;
  bool has_arguments_ = false;
};

} // namespace

std::unique_ptr<AnswerReader> make_messages_reader() { return std::make_unique<MessagesReader>(); }

} // namespace kairos::providers
