// AnswerEvents → OpenAI's responses. platform.openai.com/docs/api-reference/responses and …/responses-streaming
#include <fmt/format.h>

#include <array>
#include <optional>

#include "model/json_writer.h"
#include "providers/answer_translation.h"
#include "providers/reasoning_item.h"

namespace kairos::providers {
namespace {

using model::JsonWriter;
using model::Meter;
using Kind = AnswerEvent::Kind;

/// An entry of `output`.
struct OutputItem {
  enum class Type : std::uint8_t { kText, kRefusal, kCall, kReasoning };
  Type type{};
  std::string id;
  std::string text; // of a call: its arguments; of reasoning: the summary
  std::string call_id;
  std::string name;
  std::string encrypted;
  bool cut = false; // the answer ended inside it
};

class ResponsesWriter final : public AnswerWriter {
public:
  explicit ResponsesWriter(const WriterOptions& options) : options_(options) {}

  void on(const AnswerEvent& event, std::string& out) override {
    out_ = options_.stream ? &out : nullptr;
    switch (event.kind) {
    case Kind::kStart:
      return start(event);
    case Kind::kText:
      return add_text(OutputItem::Type::kText, event.text);
    case Kind::kRefusal:
      return add_text(OutputItem::Type::kRefusal, event.text);
    case Kind::kThinking:
      if (!open_ || item().type != OutputItem::Type::kReasoning)
        open({OutputItem::Type::kReasoning, {}, {}, {}, {}, {}});
      return add_delta("response.reasoning_summary_text.delta", event.text);
    case Kind::kThinkingSignature:
      if (!open_ || item().type != OutputItem::Type::kReasoning)
        open({OutputItem::Type::kReasoning, {}, {}, {}, {}, {}});
      if (options_.encrypted_reasoning) item().encrypted = encrypted_signature(event.text);
      return close();
    case Kind::kRedactedThinking:
      if (!options_.encrypted_reasoning) return;
      open({OutputItem::Type::kReasoning, {}, {}, {}, {}, encrypted_redacted(event.text)});
      return close();
    case Kind::kToolStart:
      return open({OutputItem::Type::kCall, {}, {}, event.id, event.name, {}});
    case Kind::kToolArguments:
      if (!open_ || item().type != OutputItem::Type::kCall) return;
      return add_delta("response.function_call_arguments.delta", event.text);
    case Kind::kFinish:
      reason_ = event.reason;
      return;
    case Kind::kUsage:
      usage_ = event.usage;
      return;
    case Kind::kError:
      return;
    }
  }

  void finish(std::string& out, std::string& last) override {
    out_ = options_.stream ? &out : nullptr;
    if (open_ && reason_ == FinishReason::kLength) item().cut = true;
    close();
    const bool incomplete = reason_ == FinishReason::kLength || reason_ == FinishReason::kContentFilter;
    const std::string_view status = incomplete ? "incomplete" : "completed";
    if (!options_.stream) {
      JsonWriter json(last);
      return write_response(json, status);
    }
    out_ = &last;
    event(incomplete ? "response.incomplete" : "response.completed",
          [&](JsonWriter& json) { write_response(json.key("response"), status); });
  }

private:
  OutputItem& item() { return items_.back(); }
  std::int64_t output_index() const { return static_cast<std::int64_t>(items_.size()) - 1; }

  /// One event of the stream; nothing for a whole answer.
  template <class Fill>
  void event(std::string_view type, Fill fill) {
    if (out_ == nullptr) return;
    out_->append("event: ").append(type).append("\ndata: ");
    JsonWriter json(*out_);
    json.begin_object().key("type").string(type).key("sequence_number").integer(sequence_++);
    fill(json);
    json.end_object();
    out_->append("\n\n");
  }

  /// An event about the open item's one part.
  template <class Fill>
  void part_event(std::string_view type, Fill fill) {
    event(type, [&](JsonWriter& json) {
      json.key("item_id").string(item().id).key("output_index").integer(output_index());
      if (item().type == OutputItem::Type::kReasoning)
        json.key("summary_index").integer(0);
      else if (item().type != OutputItem::Type::kCall)
        json.key("content_index").integer(0);
      fill(json);
    });
  }

  void start(const AnswerEvent& event_in) {
    id_ = event_in.id;
    model_ = event_in.text;
    for (const std::string_view type : {"response.created", "response.in_progress"})
      event(type, [&](JsonWriter& json) { write_response(json.key("response"), "in_progress"); });
  }

  void add_text(OutputItem::Type type, std::string_view text) {
    if (!open_ || item().type != type) open({type, {}, {}, {}, {}, {}});
    add_delta(type == OutputItem::Type::kText ? "response.output_text.delta" : "response.refusal.delta", text);
  }

  void add_delta(std::string_view type, std::string_view text) {
    if (item().type == OutputItem::Type::kReasoning && item().text.empty())
      part_bounds("response.reasoning_summary_part.added");
    item().text += text;
    part_event(type, [&](JsonWriter& json) {
      json.key("delta").string(text);
      if (item().type == OutputItem::Type::kText) json.key("logprobs").begin_array().end_array();
    });
  }

  void open(OutputItem fresh) {
    close();
    constexpr std::array<std::string_view, 4> kPrefixes = {"msg", "msg", "fc", "rs"};
    fresh.id = fmt::format("{}_{}_{}", kPrefixes[static_cast<size_t>(fresh.type)], id_, items_.size());
    items_.push_back(std::move(fresh));
    open_ = true;
    event("response.output_item.added", [&](JsonWriter& json) {
      json.key("output_index").integer(output_index()).key("item");
      write_item(json, item(), "in_progress");
    });
    if (item().type == OutputItem::Type::kText || item().type == OutputItem::Type::kRefusal)
      part_bounds("response.content_part.added");
  }

  /// The part as it stands: empty when it begins, whole when it ends.
  void part_bounds(std::string_view type) {
    part_event(type, [&](JsonWriter& json) { write_part(json.key("part"), item()); });
  }

  void close() {
    if (!open_) return;
    switch (item().type) {
    case OutputItem::Type::kText:
      part_event("response.output_text.done", [&](JsonWriter& json) {
        json.key("text").string(item().text).key("logprobs").begin_array().end_array();
      });
      part_bounds("response.content_part.done");
      break;
    case OutputItem::Type::kRefusal:
      part_event("response.refusal.done", [&](JsonWriter& json) { json.key("refusal").string(item().text); });
      part_bounds("response.content_part.done");
      break;
    case OutputItem::Type::kCall:
      part_event("response.function_call_arguments.done",
                 [&](JsonWriter& json) { json.key("name").string(item().name).key("arguments").string(item().text); });
      break;
    case OutputItem::Type::kReasoning:
      if (item().text.empty()) break;
      part_event("response.reasoning_summary_text.done",
                 [&](JsonWriter& json) { json.key("text").string(item().text); });
      part_bounds("response.reasoning_summary_part.done");
    }
    event("response.output_item.done", [&](JsonWriter& json) {
      json.key("output_index").integer(output_index()).key("item");
      write_item(json, item(), item().cut ? "incomplete" : "completed");
    });
    open_ = false;
  }

  static void write_part(JsonWriter& json, const OutputItem& item) {
    json.begin_object();
    if (item.type == OutputItem::Type::kRefusal) {
      json.key("type").string("refusal").key("refusal").string(item.text);
    } else if (item.type == OutputItem::Type::kReasoning) {
      json.key("type").string("summary_text").key("text").string(item.text);
    } else {
      json.key("type").string("output_text").key("text").string(item.text);
      json.key("annotations").begin_array().end_array().key("logprobs").begin_array().end_array();
    }
    json.end_object();
  }

  static void write_item(JsonWriter& json, const OutputItem& item, std::string_view status) {
    const bool begins = status == "in_progress";
    json.begin_object().key("id").string(item.id);
    switch (item.type) {
    case OutputItem::Type::kText:
    case OutputItem::Type::kRefusal:
      json.key("type").string("message").key("status").string(status).key("role").string("assistant");
      json.key("content").begin_array();
      if (!begins) write_part(json, item);
      json.end_array();
      break;
    case OutputItem::Type::kCall:
      json.key("type").string("function_call").key("status").string(status).key("call_id").string(item.call_id);
      json.key("name").string(item.name).key("arguments").string(item.text);
      break;
    case OutputItem::Type::kReasoning:
      json.key("type").string("reasoning").key("summary").begin_array();
      if (!begins && !item.text.empty()) write_part(json, item);
      json.end_array();
      if (!item.encrypted.empty()) json.key("encrypted_content").string(item.encrypted);
    }
    json.end_object();
  }

  void write_usage(JsonWriter& json) const {
    json.key("usage");
    if (usage_.source == model::UsageSource::kUnknown) {
      json.null();
      return;
    }
    const InputCounts input = input_counts(usage_);
    json.begin_object().key("input_tokens").integer(input.all);
    json.key("input_tokens_details").begin_object().key("cached_tokens").integer(input.cache_read).end_object();
    json.key("output_tokens").integer(usage_.output_total());
    json.key("output_tokens_details").begin_object().key("reasoning_tokens").integer(usage_[Meter::kReasoning]);
    json.end_object().key("total_tokens").integer(input.all + usage_.output_total()).end_object();
  }

  void write_response(JsonWriter& json, std::string_view status) const {
    const bool ended = status != "in_progress";
    json.begin_object().key("id").string(id_).key("object").string("response");
    json.key("created_at").integer(options_.created).key("status").string(status);
    json.key("background").boolean(false).key("error").null().key("incomplete_details");
    if (status == "incomplete") {
      const bool filtered = reason_ == FinishReason::kContentFilter;
      json.begin_object().key("reason").string(filtered ? "content_filter" : "max_output_tokens").end_object();
    } else {
      json.null();
    }
    json.key("model").string(model_).key("output").begin_array();
    for (size_t i = 0; ended && i < items_.size(); ++i)
      write_item(json, items_[i], items_[i].cut ? "incomplete" : "completed");
    json.end_array();
    for (const auto& [name, value] : options_.echo) json.key(name).raw(value);
    json.key("previous_response_id").null().key("store").boolean(false);
    if (ended) {
      write_usage(json);
    } else {
      json.key("usage").null();
    }
    json.end_object();
  }

  const WriterOptions options_;
  std::string* out_ = nullptr; // of the call that runs; nullptr: a whole answer
  std::int64_t sequence_ = 0;
  std::string id_;
  std::string model_;
  std::vector<OutputItem> items_;
  bool open_ = false; // the last of them
  FinishReason reason_ = FinishReason::kStop;
  model::Usage usage_;
};

} // namespace

std::unique_ptr<AnswerWriter> make_responses_writer(const WriterOptions& options) {
  return std::make_unique<ResponsesWriter>(options);
}

} // namespace kairos::providers
