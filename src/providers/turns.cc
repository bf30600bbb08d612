#include "providers/turns.h"

#include "providers/object_rules.h"

namespace kairos::providers {

size_t leading_system(const Conversation& conversation) {
  size_t count = 0;
  while (count < conversation.messages.size() && conversation.messages[count].role == Role::kSystem) ++count;
  return count;
}

WireResult<std::vector<Turn>> turns_of(const Conversation& conversation, bool may_prefill) {
  const std::vector<Message>& messages = conversation.messages;
  const size_t first = leading_system(conversation);
  if (first == messages.size()) return cannot_carry("messages", "there is none but the system prompt");
  if (messages[first].role == Role::kAssistant)
    return cannot_carry(messages[first].where, "the first message has to be the user's");
  if (messages.back().role == Role::kAssistant && !may_prefill)
    return cannot_carry(messages.back().where, "the dialects disagree on what an answer that was begun means");
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

} // namespace kairos::providers
