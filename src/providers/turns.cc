#include "providers/turns.h"

#include "model/json_writer.h"
#include "providers/object_rules.h"

namespace kairos::providers {

size_t leading_system(const Conversation& conversation) {
  size_t count = 0;
  while (count < conversation.messages.size() && conversation.messages[count].role == Role::kSystem) ++count;
  return count;
}

WireResult<std::vector<Turn>> turns_of(const Conversation& conversation, size_t first, bool may_prefill) {
  const std::vector<Message>& messages = conversation.messages;
  if (first == messages.size()) return cannot_carry("messages", "there is none but the system prompt");
  if (messages[first].role == Role::kAssistant)
    return cannot_carry(messages[first].where, "the first message has to be the user's");
  if (messages.back().role == Role::kAssistant && !may_prefill)
    return cannot_carry(messages.back().where, "an answer that was begun would not be gone on with");
  std::vector<Turn> turns;
  for (size_t i = first; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (message.role == Role::kSystem)
      return cannot_carry(message.where, "this dialect takes a system prompt at the beginning only");
    const bool assistant = message.role == Role::kAssistant;
    if (turns.empty() || turns.back().assistant != assistant) turns.push_back({assistant, {}, message.where});
    for (const Part& part : message.parts) turns.back().parts.push_back(&part);
  }
  return turns;
}

std::optional<std::string> name_of_call(const Conversation& conversation, std::string_view id) {
  for (auto message = conversation.messages.rbegin(); message != conversation.messages.rend(); ++message) {
    for (const Part& part : message->parts) {
      if (part.kind == Part::Kind::kToolCall && part.id == id) return part.name;
    }
  }
  return std::nullopt;
}

std::string parallel_field(const Conversation& conversation) {
  return conversation.client == model::Endpoint::kMessages ? "tool_choice.disable_parallel_tool_use"
                                                           : "parallel_tool_calls";
}

std::string described(const std::string& schema, std::string_view description) {
  if (schema.empty()) return "{}";
  const auto parsed = parse_json(schema, 1);
  if (description.empty() || !parsed || !parsed->is_object() || member(*parsed, "description")) return schema;
  std::string begin = "{\"description\":";
  model::append_json_string(begin, description);
  const bool more = parsed->get_object().value_unsafe().size() > 0;
  return begin + (more ? "," : "") + schema.substr(schema.find('{') + 1);
}

size_t array_size(std::string_view json) {
  const auto parsed = parse_json(json, 1);
  return parsed && parsed->is_array() ? parsed->get_array().value_unsafe().size() : 0;
}

bool usual_tier(std::string_view json) {
  return json == "\"auto\"" || json == "\"default\"" || json == "\"standard_only\"";
}

} // namespace kairos::providers
