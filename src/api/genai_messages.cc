#include "api/genai_messages.h"

#include <algorithm>

#include "api/genai_message.h"
#include "api/kept_text.h"
#include "net/sse.h"
#include "providers/answer_events.h"
#include "providers/client_request.h"

namespace kairos::api {
namespace {

using model::Endpoint;
using providers::array_member;
using providers::Json;
using providers::member;

struct Prompt {
  std::vector<GenAiPart> instructions;
  std::vector<GenAiMessage> messages;
};

void read_texts(Json body, std::string_view key, Prompt& into) {
  const auto value = member(body, key);
  if (!value) return;
  GenAiMessage made{"user"};
  add_parts(made.parts, *value);
  if (!made.parts.empty()) into.messages.push_back(std::move(made));
}

Prompt prompt_of(Endpoint endpoint, Json body) {
  Prompt prompt;
  if (endpoint == Endpoint::kEmbeddings) return prompt; // texts to be measured, no conversation
  if (endpoint == Endpoint::kCompletions) return read_texts(body, "prompt", prompt), prompt;
  const bool responses = endpoint == Endpoint::kResponses;
  if (const auto apart = member(body, responses ? "instructions" : "system");
      apart && endpoint != Endpoint::kChatCompletions)
    add_parts(prompt.instructions, *apart);
  const auto list = array_member(body, responses ? "input" : "messages");
  if (responses && list) add_items(prompt.messages, *list, "user");
  if (responses && !list) read_texts(body, "input", prompt);
  if (!responses && list) {
    for (const Json message : *list) prompt.messages.push_back(message_of(message));
  }
  return prompt;
}

/// A message of each choice, or of all there is in the answer.
std::vector<GenAiMessage> whole_answer(Endpoint endpoint, Json body) {
  std::vector<GenAiMessage> made;
  if (endpoint == Endpoint::kMessages) {
    GenAiMessage one{"assistant"};
    if (const auto content = member(body, "content")) add_parts(one.parts, *content);
    return made.push_back(std::move(one)), made;
  }
  if (endpoint == Endpoint::kResponses) {
    if (const auto output = array_member(body, "output")) add_items(made, *output, "assistant");
    return made;
  }
  const auto choices = array_member(body, "choices");
  if (!choices) return made;
  for (const Json choice : *choices) {
    const auto message = member(choice, "message");
    const auto text = member(choice, "text"); // completions
    GenAiMessage one = message ? message_of(*message) : GenAiMessage{"assistant"};
    if (text) add_parts(one.parts, *text);
    one.role = "assistant";
    made.push_back(std::move(one));
  }
  return made;
}

/// Parts put together from what comes piece by piece.
class Assembled {
public:
  void take(const providers::AnswerEvent& event) {
    using Kind = providers::AnswerEvent::Kind;
    if (event.kind == Kind::kText || event.kind == Kind::kRefusal) more("text", event.text);
    if (event.kind == Kind::kThinking) more("reasoning", event.text);
    if (event.kind == Kind::kToolStart) parts_.push_back({"tool_call", event.id, event.name});
    if (event.kind == Kind::kToolArguments && !parts_.empty()) parts_.back().content += event.text;
  }
  std::vector<GenAiPart> take_parts() { return std::move(parts_); }

private:
  void more(std::string_view type, std::string_view text) {
    if (parts_.empty() || parts_.back().type != type) parts_.push_back({std::string(type)});
    parts_.back().content += text;
  }
  std::vector<GenAiPart> parts_;
};

/// Chat completions and Anthropic's messages.
std::vector<GenAiMessage> streamed_answer(const content::Kept& kept) {
  const auto reader = providers::make_answer_reader(providers::client_dialect(kept.endpoint));
  net::SseReader events(kLargestEvent);
  if (reader == nullptr || !events.feed(kept.answer.bytes)) return {};
  Assembled assembled;
  std::vector<providers::AnswerEvent> said;
  while (const auto event = events.next()) {
    said.clear();
    reader->on_event(event->event, event->data, said);
    for (const providers::AnswerEvent& one : said) assembled.take(one);
  }
  return {{"assistant", assembled.take_parts()}};
}

std::vector<GenAiMessage> answer_of(const content::Kept& kept) {
  if (kept.http_status != 200 || kept.answer.bytes.empty() || kept.endpoint == Endpoint::kEmbeddings) return {};
  if (kept.content_type.starts_with("application/json")) {
    const auto body = providers::parse_json(kept.answer.bytes);
    return body ? whole_answer(kept.endpoint, *body) : std::vector<GenAiMessage>();
  }
  const bool read_by_parts = kept.endpoint == Endpoint::kChatCompletions || kept.endpoint == Endpoint::kMessages;
  if (read_by_parts && kept.content_type.starts_with("text/event-stream")) return streamed_answer(kept);
  std::string text = output_text(kept.endpoint, kept.content_type, kept.answer.bytes);
  if (text.empty()) return {};
  return {{"assistant", {{"text", "", "", std::move(text)}}}};
}

} // namespace

GenAiMessages genai_messages(const content::Kept& kept, std::string_view finish_reason, size_t most_bytes) {
  GenAiMessages made;
  const auto take = [&](Bounded bounded) {
    made.truncated = made.truncated || bounded.cut;
    return std::move(bounded.json);
  };
  const content::Body& asked = kept.rewritten.size > 0 ? kept.rewritten : kept.request; // what the model was asked
  if (const auto body = providers::parse_json(asked.bytes)) {
    const Prompt prompt = prompt_of(kept.endpoint, *body);
    made.system_instructions = take(write_parts(prompt.instructions, most_bytes));
    made.input_messages = take(write_messages(prompt.messages, {}, most_bytes));
  }
  std::vector<GenAiMessage> answer = answer_of(kept);
  std::erase_if(answer, [](const GenAiMessage& one) { return one.parts.empty(); });
  made.output_messages = take(write_messages(answer, finish_reason, most_bytes));
  return made;
}

} // namespace kairos::api
