// Bedrock's converse and converse-stream → AnswerEvents:
// docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html. Streams are framed as AWS event
// streams; an event's name is its ":event-type", or the exception's. Answers have no id but that of their head.
#include <algorithm>

#include "model/json_writer.h"
#include "providers/answer_translation.h"

namespace kairos::providers {
namespace {

using Kind = AnswerEvent::Kind;

FinishReason bedrock_finish_reason(std::string_view word) {
  if (word == "max_tokens" || word == "model_context_window_exceeded") return FinishReason::kLength;
  if (word == "tool_use") return FinishReason::kToolCalls;
  const bool declined = word == "guardrail_intervened" || word == "content_filtered" || word == "refusal";
  return declined ? FinishReason::kContentFilter : FinishReason::kStop;
}

void add(Kind kind, std::string_view text, std::vector<AnswerEvent>& out) {
  if (!text.empty()) out.push_back({.kind = kind, .text = std::string(text)});
}

/// An exception in the stream names itself only in its frame.
ProviderError read_exception(std::string_view name, Json payload) {
  std::string json;
  model::JsonWriter writer(json);
  writer.begin_object().key("__type").string(name);
  std::string_view message = text_member(payload, "message");
  if (message.empty()) message = text_member(payload, "Message");
  writer.key("message").string(message).end_object();
  return read_stream_error(model::Dialect::kBedrock, json);
}

class BedrockReader final : public AnswerReader {
public:
  void on_event(std::string_view name, std::string_view data, std::vector<AnswerEvent>& out) override {
    const auto root = parse_json(data);
    if (!root || !root->is_object()) return;
    start(out);
    if (name == "contentBlockStart") {
      end_call(out);
      if (const auto begun = member(*root, "start")) begin_block(*begun, out);
    } else if (name == "contentBlockDelta") {
      if (const auto delta = member(*root, "delta")) take_delta(*delta, out);
    } else if (name == "contentBlockStop") {
      end_call(out);
    } else if (name == "messageStop") {
      finish(*root, out);
    } else if (name == "metadata") {
      take_usage(*root, out);
    } else if (is_exception(name)) {
      out.push_back({.kind = Kind::kError, .error = read_exception(name, *root)});
    }
  }

  void on_body(std::string_view json, std::vector<AnswerEvent>& out) override {
    const auto root = parse_json(json);
    if (!root || !root->is_object()) return;
    start(out);
    const auto output = member(*root, "output");
    const auto message = output ? member(*output, "message") : std::nullopt;
    const auto content = message ? array_member(*message, "content") : std::nullopt;
    if (content) {
      for (const Json block : *content) take_block(block, out);
    }
    finish(*root, out);
    take_usage(*root, out);
  }

private:
  static bool is_exception(std::string_view name) {
    return name.ends_with("xception") || name.ends_with("Error") || name.ends_with("error");
  }

  void start(std::vector<AnswerEvent>& out) {
    if (!std::exchange(started_, true)) out.push_back({.kind = Kind::kStart});
  }

  void begin_call(Json call, std::vector<AnswerEvent>& out) {
    in_call_ = true;
    has_arguments_ = false;
    out.push_back({.kind = Kind::kToolStart,
                   .id = std::string(text_member(call, "toolUseId")),
                   .name = std::string(text_member(call, "name"))});
  }

  void end_call(std::vector<AnswerEvent>& out) {
    if (in_call_ && !has_arguments_) add(Kind::kToolArguments, "{}", out);
    in_call_ = false;
  }

  void begin_block(Json begun, std::vector<AnswerEvent>& out) {
    if (const auto call = member(begun, "toolUse")) begin_call(*call, out);
  }

  void take_delta(Json delta, std::vector<AnswerEvent>& out) {
    add(Kind::kText, text_member(delta, "text"), out);
    if (const auto reasoning = member(delta, "reasoningContent")) {
      add(Kind::kThinking, text_member(*reasoning, "text"), out);
      add(Kind::kThinkingSignature, text_member(*reasoning, "signature"), out);
    }
    const auto call = member(delta, "toolUse");
    if (!call || !in_call_) return;
    const std::string_view more = text_member(*call, "input");
    has_arguments_ = has_arguments_ || !more.empty();
    add(Kind::kToolArguments, more, out);
  }

  void take_block(Json block, std::vector<AnswerEvent>& out) {
    add(Kind::kText, text_member(block, "text"), out);
    if (const auto reasoning = member(block, "reasoningContent")) {
      if (const auto text = member(*reasoning, "reasoningText")) {
        add(Kind::kThinking, text_member(*text, "text"), out);
        add(Kind::kThinkingSignature, text_member(*text, "signature"), out);
      }
    }
    const auto call = member(block, "toolUse");
    if (!call) return;
    begin_call(*call, out);
    const auto input = member(*call, "input");
    has_arguments_ = input.has_value();
    if (input) add(Kind::kToolArguments, to_text(*input), out);
    end_call(out);
  }

  static void finish(Json from, std::vector<AnswerEvent>& out) {
    const std::string_view word = text_member(from, "stopReason");
    if (word.empty()) return;
    out.push_back({.kind = Kind::kFinish, .name = std::string(word), .reason = bedrock_finish_reason(word)});
  }

  static void take_usage(Json from, std::vector<AnswerEvent>& out) {
    const auto usage = member(from, "usage");
    const auto read = usage ? read_usage(UsageShape::kBedrock, to_text(*usage)) : std::nullopt;
    if (read) out.push_back({.kind = Kind::kUsage, .usage = *read});
  }

  bool started_ = false;
  bool in_call_ = false;
  bool has_arguments_ = false;
};

} // namespace

std::unique_ptr<AnswerReader> make_bedrock_reader() { return std::make_unique<BedrockReader>(); }

} // namespace kairos::providers
