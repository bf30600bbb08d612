// What Gemini and Bedrock answer, for the tap: facts from the same events that translation is made of.
#include "providers/answer_events.h"
#include "providers/answer_reader.h"

namespace kairos::providers {
namespace {

using Kind = AnswerEvent::Kind;

/// True for what a client sees as output.
bool is_output(Kind kind) {
  return kind == Kind::kText || kind == Kind::kThinking || kind == Kind::kRefusal || kind == Kind::kToolStart ||
         kind == Kind::kToolArguments;
}

} // namespace

void TapReader::take_answer_event(const AnswerEvent& event) {
  switch (event.kind) {
  case Kind::kStart:
    keep(facts_.response_id, event.id);
    keep(facts_.response_model, event.text);
    break;
  case Kind::kToolStart:
    facts_.first_content_seen = true;
    add_output(event.name);
    break;
  case Kind::kFinish:
    keep(facts_.finish_reason, event.name);
    facts_.saw_terminal = true;
    break;
  case Kind::kUsage:
    merge_usage(shape_, facts_.usage, event.usage);
    break;
  case Kind::kError:
    facts_.error = event.error;
    break;
  default:
    if (is_output(event.kind)) add_output(event.text);
  }
}

EventKind TapReader::native_event(std::string_view name, std::string_view data) {
  std::vector<AnswerEvent> events;
  tap_.native_->on_event(name, data, events);
  if (events.empty() && !parse_json(data)) facts_.malformed = true;
  bool content = false;
  for (const AnswerEvent& event : events) {
    take_answer_event(event);
    content = content || is_output(event.kind);
    if (event.kind == Kind::kError) return EventKind::kError;
  }
  return content ? EventKind::kContent : EventKind::kOther;
}

void TapReader::native_body(std::string_view json) {
  std::vector<AnswerEvent> events;
  tap_.native_->on_body(json, events);
  facts_.malformed = events.empty();
  for (const AnswerEvent& event : events) take_answer_event(event);
}

} // namespace kairos::providers
