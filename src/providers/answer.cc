#include "providers/answer.h"

#include "providers/json.h"
#include "providers/usage.h"

namespace kairos::providers {

/// Reads one event or body into a tap's facts.
class TapReader {
public:
  explicit TapReader(AnswerTap& tap) : tap_(tap), facts_(tap.facts_), shape_(usage_shape(tap.endpoint_, tap.provider_)) {}

  EventKind openai_event(std::string_view data);
  EventKind anthropic_event(std::string_view data);
  void openai_body(Json root);
  void anthropic_body(Json root);

private:
  void add_output(std::string_view text);
  void keep(std::string& into, std::string_view text) {
    if (into.empty()) into = text;
  }
  bool take_usage(Json parent);
  bool take_choice(Json choice);
  bool take_tool_calls(Json message);
  EventKind anthropic_delta(Json root);

  AnswerTap& tap_;
  AnswerFacts& facts_;
  const UsageShape shape_;
};

void TapReader::add_output(std::string_view text) {
  if (text.empty()) return;
  facts_.first_content_seen = true;
  facts_.output_bytes += static_cast<std::int64_t>(text.size());
  if (tap_.keep_output_ && tap_.output_.size() < kMaxKeptOutput) tap_.output_.append(text.substr(0, kMaxKeptOutput - tap_.output_.size()));
}

bool TapReader::take_usage(Json parent) {
  const auto usage = member(parent, "usage");
  if (!usage) return false;
  const auto read = read_usage(shape_, to_text(*usage));
  if (read) merge_usage(shape_, facts_.usage, *read);
  return read.has_value();
}

bool TapReader::take_tool_calls(Json message) {
  const auto calls = array_member(message, "tool_calls");
  if (!calls) return false;
  bool any = false;
  for (const Json call : *calls) {
    const auto function = member(call, "function");
    if (!function) continue;
    any = true;
    facts_.first_content_seen = true;
    add_output(text_member(*function, "name"));
    add_output(text_member(*function, "arguments"));
  }
  return any;
}

/// True if it carries output. `message` of whole answers, `delta` of streams.
bool TapReader::take_choice(Json choice) {
  keep(facts_.finish_reason, text_member(choice, "finish_reason"));
  auto message = member(choice, "delta");
  if (!message) message = member(choice, "message");
  if (!message) return false;
  const std::int64_t before = facts_.output_bytes;
  add_output(text_member(*message, "content"));
  add_output(text_member(*message, "refusal"));
  add_output(text_member(*message, "reasoning_content"));
  add_output(text_member(*message, "reasoning"));
  const bool tools = take_tool_calls(*message);
  return tools || facts_.output_bytes > before;
}

EventKind TapReader::openai_event(std::string_view data) {
  if (data == "[DONE]") {
    facts_.saw_terminal = true;
    return EventKind::kTerminal;
  }
  const auto root = parse_json(data);
  if (!root || !root->is_object()) {
    facts_.malformed = true;
    return EventKind::kOther;
  }
  if (member(*root, "error")) {
    facts_.error = read_stream_error(model::Dialect::kOpenAi, data);
    return EventKind::kError;
  }
  keep(facts_.response_id, text_member(*root, "id"));
  keep(facts_.response_model, text_member(*root, "model"));
  const bool usage = take_usage(*root);
  bool content = false;
  const auto choices = array_member(*root, "choices");
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

EventKind TapReader::anthropic_event(std::string_view data) {
  const auto root = parse_json(data);
  if (!root || !root->is_object()) {
    facts_.malformed = true;
    return EventKind::kOther;
  }
  const std::string_view type = text_member(*root, "type");
  if (type == "message_stop") {
    facts_.saw_terminal = true;
    return EventKind::kTerminal;
  }
  if (type == "error") {
    facts_.error = read_stream_error(model::Dialect::kAnthropic, data);
    return EventKind::kError;
  }
  if (type == "content_block_delta") return anthropic_delta(*root);
  if (type == "message_start") {
    if (const auto message = member(*root, "message")) {
      keep(facts_.response_id, text_member(*message, "id"));
      keep(facts_.response_model, text_member(*message, "model"));
      take_usage(*message);
    }
  }
  if (type == "message_delta") {
    if (const auto delta = member(*root, "delta")) keep(facts_.finish_reason, text_member(*delta, "stop_reason"));
    take_usage(*root);
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
  for (const Json block : *content) {
    add_output(text_member(block, "text"));
    add_output(text_member(block, "thinking"));
    if (const auto input = member(block, "input")) add_output(to_text(*input));
  }
}

EventKind AnswerTap::on_event(std::string_view, std::string_view data) {
  ++facts_.events;
  TapReader reader(*this);
  return provider_ == model::Dialect::kAnthropic ? reader.anthropic_event(data) : reader.openai_event(data);
}

void AnswerTap::on_body(std::string_view json) {
  const auto root = parse_json(json);
  if (!root || !root->is_object()) {
    facts_.malformed = true;
    return;
  }
  TapReader reader(*this);
  provider_ == model::Dialect::kAnthropic ? reader.anthropic_body(*root) : reader.openai_body(*root);
}

} // namespace kairos::providers
