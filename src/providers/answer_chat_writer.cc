// AnswerEvents → OpenAI chat completions. platform.openai.com/docs/api-reference/chat and …/chat-streaming
//
// Reasoning that may be shown stands in `reasoning_content`, as api-docs.deepseek.com/guides/reasoning_model has it;
// OpenAI's own models show none. Its signature has no place here.
#include <array>

#include "model/json_writer.h"
#include "providers/answer_translation.h"

namespace kairos::providers {
namespace {

using model::JsonWriter;
using model::Meter;
using Kind = AnswerEvent::Kind;

constexpr std::array<std::string_view, 4> kFinishReasons = {"stop", "length", "tool_calls", "content_filter"};

void write_chat_usage(JsonWriter& json, const model::Usage& usage) {
  const InputCounts input = input_counts(usage);
  json.begin_object().key("prompt_tokens").integer(input.all);
  json.key("completion_tokens").integer(usage.output_total());
  json.key("total_tokens").integer(input.all + usage.output_total());
  json.key("prompt_tokens_details").begin_object().key("cached_tokens").integer(input.cache_read);
  json.key("audio_tokens").integer(usage[Meter::kInputAudio]).end_object();
  json.key("completion_tokens_details").begin_object();
  json.key("reasoning_tokens").integer(usage[Meter::kReasoning]);
  json.key("audio_tokens").integer(usage[Meter::kOutputAudio]).end_object().end_object();
}

/// What both forms share: who answers, and how it ended.
struct Gathered {
  std::string id;
  std::string model;
  FinishReason reason = FinishReason::kStop;
  model::Usage usage;

  void take(const AnswerEvent& event) {
    if (event.kind == Kind::kStart) {
      id = event.id;
      model = event.text;
    }
    if (event.kind == Kind::kFinish) reason = event.reason;
    if (event.kind == Kind::kUsage) usage = event.usage;
  }
  bool knows_usage() const { return usage.source != model::UsageSource::kUnknown; }
  void write_head(JsonWriter& json, std::string_view object, std::int64_t created) const {
    json.begin_object().key("id").string(id).key("object").string(object);
    json.key("created").integer(created).key("model").string(model);
  }
};

class ChatStream final : public AnswerWriter {
public:
  explicit ChatStream(const WriterOptions& options) : options_(options) {}

  void on(const AnswerEvent& event, std::string& out) override {
    gathered_.take(event);
    switch (event.kind) {
    case Kind::kStart:
      return chunk(out, R"({"role":"assistant","content":"","refusal":null})");
    case Kind::kText:
      return text_chunk(out, "content", event.text);
    case Kind::kThinking:
      return text_chunk(out, "reasoning_content", event.text);
    case Kind::kRefusal:
      return text_chunk(out, "refusal", event.text);
    case Kind::kToolStart:
      ++calls_;
      return call_chunk(out, &event, "");
    case Kind::kToolArguments:
      return call_chunk(out, nullptr, event.text);
    default:
      return;
    }
  }

  void finish(std::string& out, std::string& last) override {
    chunk(out, "{}", kFinishReasons[static_cast<size_t>(gathered_.reason)]);
    if (options_.include_usage && gathered_.knows_usage()) {
      out += "data: ";
      JsonWriter json(out);
      gathered_.write_head(json, "chat.completion.chunk", options_.created);
      json.key("choices").begin_array().end_array().key("usage");
      write_chat_usage(json, gathered_.usage);
      json.end_object();
      out += "\n\n";
    }
    last += "data: [DONE]\n\n";
  }

private:
  void chunk(std::string& out, std::string_view delta, std::string_view reason = {}) {
    out += "data: ";
    JsonWriter json(out);
    gathered_.write_head(json, "chat.completion.chunk", options_.created);
    json.key("choices").begin_array().begin_object().key("index").integer(0).key("delta").raw(delta);
    json.key("logprobs").null().key("finish_reason");
    if (reason.empty()) {
      json.null();
    } else {
      json.string(reason);
    }
    json.end_object().end_array();
    if (options_.include_usage) json.key("usage").null();
    json.end_object();
    out += "\n\n";
  }

  void text_chunk(std::string& out, std::string_view key, std::string_view text) {
    delta_.clear();
    JsonWriter(delta_).begin_object().key(key).string(text).end_object();
    chunk(out, delta_);
  }

  void call_chunk(std::string& out, const AnswerEvent* start, std::string_view arguments) {
    delta_.clear();
    JsonWriter json(delta_);
    json.begin_object().key("tool_calls").begin_array().begin_object().key("index").integer(calls_ - 1);
    if (start != nullptr) json.key("id").string(start->id).key("type").string("function");
    json.key("function").begin_object();
    if (start != nullptr) json.key("name").string(start->name);
    json.key("arguments").string(arguments).end_object().end_object().end_array().end_object();
    chunk(out, delta_);
  }

  const WriterOptions options_;
  Gathered gathered_;
  std::int64_t calls_ = 0;
  std::string delta_;
};

class WholeChat final : public AnswerWriter {
public:
  explicit WholeChat(const WriterOptions& options) : options_(options) {}

  void on(const AnswerEvent& event, std::string&) override {
    gathered_.take(event);
    switch (event.kind) {
    case Kind::kText:
      has_text_ = true;
      text_ += event.text;
      return;
    case Kind::kThinking:
      thinking_ += event.text;
      return;
    case Kind::kRefusal:
      refusal_ += event.text;
      return;
    case Kind::kToolStart:
      calls_.push_back({event.id, event.name, {}});
      return;
    case Kind::kToolArguments:
      if (!calls_.empty()) calls_.back().arguments += event.text;
      return;
    default:
      return;
    }
  }

  void finish(std::string&, std::string& last) override {
    JsonWriter json(last);
    gathered_.write_head(json, "chat.completion", options_.created);
    json.key("choices").begin_array().begin_object().key("index").integer(0).key("message");
    write_message(json);
    json.key("logprobs").null().key("finish_reason").string(kFinishReasons[static_cast<size_t>(gathered_.reason)]);
    json.end_object().end_array();
    if (gathered_.knows_usage()) {
      json.key("usage");
      write_chat_usage(json, gathered_.usage);
    }
    json.end_object();
  }

private:
  struct Call {
    std::string id;
    std::string name;
    std::string arguments;
  };

  static void text_or_null(JsonWriter& json, std::string_view key, bool there, std::string_view text) {
    json.key(key);
    if (there) {
      json.string(text);
    } else {
      json.null();
    }
  }

  void write_message(JsonWriter& json) const {
    json.begin_object().key("role").string("assistant");
    text_or_null(json, "content", has_text_ || (calls_.empty() && refusal_.empty()), text_);
    text_or_null(json, "refusal", !refusal_.empty(), refusal_);
    if (!thinking_.empty()) json.key("reasoning_content").string(thinking_);
    if (!calls_.empty()) {
      json.key("tool_calls").begin_array();
      for (const Call& call : calls_) {
        json.begin_object().key("id").string(call.id).key("type").string("function").key("function").begin_object();
        json.key("name").string(call.name).key("arguments").string(call.arguments).end_object().end_object();
      }
      json.end_array();
    }
    json.end_object();
  }

  const WriterOptions options_;
  Gathered gathered_;
  bool has_text_ = false;
  std::string text_;
  std::string thinking_;
  std::string refusal_;
  std::vector<Call> calls_;
};

} // namespace

InputCounts input_counts(const model::Usage& usage) {
  InputCounts counts;
  counts.all = usage.input_total();
  counts.cache_read = usage[Meter::kCacheRead] + usage[Meter::kCacheReadAudio] + usage[Meter::kCacheReadImage];
  counts.cache_written = usage[Meter::kCacheWrite] + usage[Meter::kCacheWrite1h];
  counts.fresh = counts.all - counts.cache_read - counts.cache_written;
  return counts;
}

std::unique_ptr<AnswerWriter> make_chat_writer(const WriterOptions& options) {
  if (options.stream) return std::make_unique<ChatStream>(options);
  return std::make_unique<WholeChat>(options);
}

} // namespace kairos::providers
