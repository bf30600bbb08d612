// A conversation as turns that alternate, for the dialects that want them. Internal to providers.
#pragma once

#include <string>
#include <vector>

#include "providers/conversation.h"
#include "providers/request_reader.h"

namespace kairos::providers {

/// Neighbouring messages of one role, tool results counting as the user's.
struct Turn {
  bool assistant = false;
  std::vector<const Part*> parts;
  std::string where; // of its first message
};

/// How many messages at the beginning are system prompts.
size_t leading_system(const Conversation& conversation);

/// The turns after the system prompt. Refuses system prompts among them, none at all, and those that begin with the
/// assistant or (unless `may_prefill`) end with it.
WireResult<std::vector<Turn>> turns_of(const Conversation& conversation, bool may_prefill = false);

} // namespace kairos::providers
