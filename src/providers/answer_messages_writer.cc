// AnswerEvents → Anthropic's messages. docs.anthropic.com/en/api/messages and …/build-with-claude/streaming
//
// A stream says its input tokens in its first event, but most providers say them in their last. Where they are not
// known yet, 0 stands there (the field has to be a number), and message_delta has the true ones.
#include <array>

#include "model/json_writer.h"
#include "providers/answer_translation.h"

namespace kairos::providers {
namespace {

using model::JsonWriter;
using Kind = AnswerEvent::Kind;

void write_messages_usage(JsonWriter& json, const model::Usage& usage, bool at_start) {
  const bool known = usage.source != model::UsageSource::kUnknown;
  json.begin_object();
  if (known || at_start) {
    const InputCounts input = input_counts(usage);
    json.key("input_tokens").integer(input.fresh);
    json.key("cache_creation_input_tokens").integer(input.cache_written);
    json.key("cache_read_input_tokens").integer(input.cache_read);
    json.key("output_tokens").integer(usage.output_total());
    if (const std::int64_t thought = usage[model::Meter::kReasoning]; thought > 0)
      json.key("output_tokens_details").begin_object().key("thinking_tokens").integer(thought).end_object();
  } else {
    json.key("output_tokens").null();
  }
  json.end_object();
}

void write_stop(JsonWriter& json, FinishReason reason, const std::string& sequence) {
  constexpr std::array<std::string_view, 4> kReasons = {"end_turn", "max_tokens", "tool_use", "refusal"};
  json.key("stop_reason").string(sequence.empty() ? kReasons[static_cast<size_t>(reason)] : "stop_sequence");
  json.key("stop_sequence");
  if (sequence.empty()) {
    json.null();
  } else {
    json.string(sequence);
  }
}

struct Ending {
  FinishReason reason = FinishReason::kStop;
  std::string sequence;
  model::Usage usage;
  bool refused = false; // OpenAI's models say "stop" after a refusal, Anthropic's "refusal"

  void take(const AnswerEvent& event) {
    if (event.kind == Kind::kUsage) usage = event.usage;
    refused = refused || event.kind == Kind::kRefusal;
    if (event.kind != Kind::kFinish) return;
    reason = event.reason == FinishReason::kStop && refused ? FinishReason::kContentFilter : event.reason;
    sequence = event.text;
  }
};

class MessagesStream final : public AnswerWriter {
public:
  void on(const AnswerEvent& event, std::string& out) override {
    ending_.take(event);
    switch (event.kind) {
    case Kind::kStart:
      start_ = event;
      return;
    case Kind::kText:
    case Kind::kRefusal:
      open(Kind::kText, R"({"type":"text","text":""})", out);
      return delta("text_delta", "text", event.text, out);
    case Kind::kThinking:
      open(Kind::kThinking, kThinkingBlock, out);
      return delta("thinking_delta", "thinking", event.text, out);
    case Kind::kThinkingSignature:
      open(Kind::kThinking, kThinkingBlock, out);
      delta("signature_delta", "signature", event.text, out);
      return close(out);
    case Kind::kRedactedThinking:
    case Kind::kToolStart:
      close(out);
      open(event.kind, block_of(event), out);
      return;
    case Kind::kToolArguments:
      if (open_ == Kind::kToolStart) delta("input_json_delta", "partial_json", event.text, out);
      return;
    default:
      return;
    }
  }

  void finish(std::string& out, std::string& last) override {
    begin(out);
    close(out);
    out += "event: message_delta\ndata: ";
    JsonWriter json(out);
    json.begin_object().key("type").string("message_delta").key("delta").begin_object();
    write_stop(json, ending_.reason, ending_.sequence);
    json.end_object().key("usage");
    write_messages_usage(json, ending_.usage, false);
    json.end_object();
    out += "\n\n";
    last += "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  }

private:
  static constexpr std::string_view kThinkingBlock = R"({"type":"thinking","thinking":"","signature":""})";

  /// Not before there is something to say: usage that a provider gives first stands in the first event, then.
  void begin(std::string& out) {
    if (begun_) return;
    begun_ = true;
    out += "event: message_start\ndata: ";
    JsonWriter json(out);
    json.begin_object().key("type").string("message_start").key("message").begin_object();
    json.key("id").string(start_.id).key("type").string("message").key("role").string("assistant");
    json.key("model").string(start_.text).key("content").begin_array().end_array();
    json.key("stop_reason").null().key("stop_sequence").null().key("usage");
    write_messages_usage(json, ending_.usage, true);
    json.end_object().end_object();
    out += "\n\n";
  }

  static std::string block_of(const AnswerEvent& event) {
    std::string block;
    JsonWriter json(block);
    if (event.kind == Kind::kRedactedThinking) {
      json.begin_object().key("type").string("redacted_thinking").key("data").string(event.text).end_object();
    } else {
      json.begin_object().key("type").string("tool_use").key("id").string(event.id).key("name").string(event.name);
      json.key("input").begin_object().end_object().end_object();
    }
    return block;
  }

  void open(Kind kind, std::string_view block, std::string& out) {
    begin(out);
    if (open_ == kind) return;
    close(out);
    open_ = kind;
    out += "event: content_block_start\ndata: ";
    JsonWriter json(out);
    json.begin_object().key("type").string("content_block_start").key("index").integer(index_);
    json.key("content_block").raw(block).end_object();
    out += "\n\n";
  }

  void delta(std::string_view type, std::string_view key, std::string_view text, std::string& out) {
    out += "event: content_block_delta\ndata: ";
    JsonWriter json(out);
    json.begin_object().key("type").string("content_block_delta").key("index").integer(index_).key("delta");
    json.begin_object().key("type").string(type).key(key).string(text).end_object().end_object();
    out += "\n\n";
  }

  void close(std::string& out) {
    if (!open_) return;
    open_.reset();
    out += "event: content_block_stop\ndata: ";
    JsonWriter json(out);
    json.begin_object().key("type").string("content_block_stop").key("index").integer(index_++).end_object();
    out += "\n\n";
  }

  AnswerEvent start_;
  Ending ending_;
  bool begun_ = false;
  std::int64_t index_ = 0;
  std::optional<Kind> open_;
};

class WholeMessage final : public AnswerWriter {
public:
  void on(const AnswerEvent& event, std::string&) override {
    ending_.take(event);
    switch (event.kind) {
    case Kind::kStart:
      start_ = event;
      return;
    case Kind::kText:
    case Kind::kRefusal:
      block(Kind::kText).text += event.text;
      return;
    case Kind::kThinking:
      block(Kind::kThinking).text += event.text;
      return;
    case Kind::kThinkingSignature:
      block(Kind::kThinking).signature += event.text;
      joins_ = false;
      return;
    case Kind::kRedactedThinking:
    case Kind::kToolStart:
      blocks_.push_back(
          {event.kind, event.kind == Kind::kToolStart ? std::string() : event.text, {}, event.id, event.name});
      return;
    case Kind::kToolArguments:
      if (!blocks_.empty() && blocks_.back().kind == Kind::kToolStart) blocks_.back().text += event.text;
      return;
    default:
      return;
    }
  }

  void finish(std::string&, std::string& last) override {
    JsonWriter json(last);
    json.begin_object().key("id").string(start_.id).key("type").string("message").key("role").string("assistant");
    json.key("model").string(start_.text).key("content").begin_array();
    for (const Block& one : blocks_) write_block(json, one);
    json.end_array();
    write_stop(json, ending_.reason, ending_.sequence);
    json.key("usage");
    write_messages_usage(json, ending_.usage, false);
    json.end_object();
  }

private:
  struct Block {
    Kind kind{};
    std::string text; // a call's: its arguments
    std::string signature;
    std::string id;
    std::string name;
  };

  Block& block(Kind kind) {
    if (blocks_.empty() || blocks_.back().kind != kind || !joins_) blocks_.push_back({kind, {}, {}, {}, {}});
    joins_ = true;
    return blocks_.back();
  }

  static void write_block(JsonWriter& json, const Block& block) {
    json.begin_object();
    switch (block.kind) {
    case Kind::kThinking:
      json.key("type").string("thinking").key("thinking").string(block.text);
      json.key("signature").string(block.signature);
      break;
    case Kind::kRedactedThinking:
      json.key("type").string("redacted_thinking").key("data").string(block.text);
      break;
    case Kind::kToolStart: {
      // Arguments that were cut off are no JSON, and `input` has no other form.
      const auto input = parse_json(block.text);
      json.key("type").string("tool_use").key("id").string(block.id).key("name").string(block.name);
      json.key("input").raw(input && input->is_object() ? to_text(*input) : std::string("{}"));
      break;
    }
    default:
      json.key("type").string("text").key("text").string(block.text);
    }
    json.end_object();
  }

  AnswerEvent start_;
  Ending ending_;
  std::vector<Block> blocks_;
  bool joins_ = true;
};

} // namespace

std::unique_ptr<AnswerWriter> make_messages_writer(const WriterOptions& options) {
  if (options.stream) return std::make_unique<MessagesStream>();
  return std::make_unique<WholeMessage>();
}

} // namespace kairos::providers
