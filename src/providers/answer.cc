#include "providers/answer.h"

#include "providers/answer_reader.h"
#include "providers/usage_json.h"

namespace kairos::providers {

void TapReader::add_output(std::string_view text) {
  if (text.empty()) return;
  facts_.first_content_seen = true;
  facts_.output_bytes += static_cast<std::int64_t>(text.size());
  if (tap_.keep_output_ && tap_.output_.size() < kMaxKeptOutput)
    tap_.output_.append(text.substr(0, kMaxKeptOutput - tap_.output_.size()));
}

// docs.mistral.ai/capabilities/reasoning:
// [{"type":"thinking","thinking":[{"type":"text","text"}]},{"type":"text","text"}]
void TapReader::add_text_or_parts(Json parent, std::string_view key) {
  add_output(text_member(parent, key));
  const auto parts = array_member(parent, key);
  if (!parts) return;
  for (const Json part : *parts) {
    add_text_or_parts(part, "text");
    add_text_or_parts(part, "thinking"); // no deeper than the parser allows
    add_output(text_member(part, "refusal"));
  }
}

bool TapReader::take_usage(Json parent) {
  auto usage = member(parent, "usage");
  if (!usage) { // Groq's streams: console.groq.com/docs/api-reference
    const auto groq = member(parent, "x_groq");
    if (groq) usage = member(*groq, "usage");
  }
  if (!usage) return false;
  const auto read = usage->is_object() ? read_usage_json(shape_, *usage) : std::nullopt;
  if (read) merge_usage(shape_, facts_.usage, *read);
  return read.has_value();
}

/// Tool calls, and the function_call that came before them.
bool TapReader::take_calls(Json message) {
  bool any = false;
  const auto take = [&](Json function) {
    any = true;
    facts_.first_content_seen = true;
    add_output(text_member(function, "name"));
    add_output(text_member(function, "arguments"));
    add_output(text_member(function, "input"));
  };
  if (const auto function = member(message, "function_call")) take(*function);
  const auto calls = array_member(message, "tool_calls");
  if (!calls) return any;
  for (const Json call : *calls) {
    auto function = member(call, "function");
    if (!function) function = member(call, "custom");
    if (function) take(*function);
  }
  return any;
}

/// True if it carries output. `message` of whole answers, `delta` of streams, `text` of plain completions.
bool TapReader::take_choice(Json choice) {
  keep(facts_.finish_reason, text_member(choice, "finish_reason"));
  const std::int64_t before = facts_.output_bytes;
  add_output(text_member(choice, "text"));
  auto message = member(choice, "delta");
  if (!message) message = member(choice, "message");
  if (!message) return facts_.output_bytes > before;
  add_text_or_parts(*message, "content");
  for (const std::string_view field : {"refusal", "reasoning_content", "reasoning"})
    add_output(text_member(*message, field));
  const bool calls = take_calls(*message);
  return calls || facts_.output_bytes > before;
}

EventKind TapReader::openai_event(std::string_view data, Json root) {
  if (member(root, "error")) {
    facts_.error = read_stream_error(model::Dialect::kOpenAi, data);
    return EventKind::kError;
  }
  keep(facts_.response_id, text_member(root, "id"));
  keep(facts_.response_model, text_member(root, "model"));
  const bool usage = take_usage(root);
  bool content = false;
  const auto choices = array_member(root, "choices");
  if (choices) {
    for (const Json choice : *choices) content = take_choice(choice) || content;
  }
  if (usage && choices && choices->size() == 0) return EventKind::kUsageOnly;
  return content ? EventKind::kContent : EventKind::kOther;
}

void TapReader::openai_body(Json root) {
  keep(facts_.response_id, text_member(root, "id"));
  keep(facts_.response_model, text_member(root, "model"));
  take_usage(root);
  const auto choices = array_member(root, "choices");
  if (!choices) return;
  for (const Json choice : *choices) take_choice(choice);
}

EventKind TapReader::anthropic_delta(Json root) {
  const auto delta = member(root, "delta");
  if (!delta) return EventKind::kOther;
  const std::int64_t before = facts_.output_bytes;
  for (const std::string_view field : {"text", "thinking", "partial_json"}) add_output(text_member(*delta, field));
  return facts_.output_bytes > before ? EventKind::kContent : EventKind::kOther;
}

/// A content block: whole, or as a stream begins it (with a tool's name and an empty input).
void TapReader::take_block(Json block) {
  for (const std::string_view field : {"text", "thinking", "name"}) add_output(text_member(block, field));
  const auto input = object_member(block, "input");
  if (input && input->size() > 0) add_output(to_text(*member(block, "input")));
}

EventKind TapReader::anthropic_event(std::string_view data, Json root) {
  const std::string_view type = text_member(root, "type");
  if (type == "message_stop") {
    facts_.saw_terminal = true;
    return EventKind::kTerminal;
  }
  if (type == "error") {
    facts_.error = read_stream_error(model::Dialect::kAnthropic, data);
    return EventKind::kError;
  }
  if (type == "content_block_delta") return anthropic_delta(root);
  if (type == "content_block_stop") facts_.open_block = -1;
  if (type == "content_block_start") {
    facts_.open_block = static_cast<int>(count_member(root, "index").value_or(0));
    const std::int64_t before = facts_.output_bytes;
    if (const auto block = member(root, "content_block")) take_block(*block);
    return facts_.output_bytes > before ? EventKind::kContent : EventKind::kOther;
  }
  if (type == "message_start") {
    if (const auto message = member(root, "message")) {
      keep(facts_.response_id, text_member(*message, "id"));
      keep(facts_.response_model, text_member(*message, "model"));
      take_usage(*message);
    }
  }
  if (type == "message_delta") {
    if (const auto delta = member(root, "delta")) keep(facts_.finish_reason, text_member(*delta, "stop_reason"));
    take_usage(root);
  }
  return EventKind::kOther;
}

void TapReader::anthropic_body(Json root) {
  keep(facts_.response_id, text_member(root, "id"));
  keep(facts_.response_model, text_member(root, "model"));
  keep(facts_.finish_reason, text_member(root, "stop_reason"));
  take_usage(root);
  const auto content = array_member(root, "content");
  if (!content) return;
  for (const Json block : *content) take_block(block);
}

EventKind TapReader::event(std::string_view data) {
  if (data == "[DONE]" && tap_.provider_ != model::Dialect::kAnthropic) {
    facts_.saw_terminal = true;
    return EventKind::kTerminal;
  }
  const auto root = parse_json(data);
  if (!root || !root->is_object()) {
    facts_.malformed = true;
    return EventKind::kOther;
  }
  if (tap_.provider_ == model::Dialect::kAnthropic) return anthropic_event(data, *root);
  return tap_.endpoint_ == model::Endpoint::kResponses ? responses_event(data, *root) : openai_event(data, *root);
}

void TapReader::body(Json root) {
  if (tap_.provider_ == model::Dialect::kAnthropic) return anthropic_body(root);
  tap_.endpoint_ == model::Endpoint::kResponses ? responses_body(root) : openai_body(root);
}

AnswerTap::AnswerTap(model::Endpoint client_endpoint, model::Dialect provider)
    : endpoint_(client_endpoint), provider_(provider) {
  const bool native = provider == model::Dialect::kGemini || provider == model::Dialect::kBedrock;
  if (native) native_ = make_answer_reader(provider);
}

EventKind AnswerTap::on_event(std::string_view name, std::string_view data) {
  ++facts_.events;
  if (native_) return TapReader(*this).native_event(name, data);
  return TapReader(*this).event(data);
}

void AnswerTap::on_body(std::string_view json) {
  if (native_) return TapReader(*this).native_body(json);
  const auto root = parse_json(json);
  if (!root || !root->is_object()) {
    facts_.malformed = true;
    return;
  }
  TapReader(*this).body(*root);
}

} // namespace kairos::providers
