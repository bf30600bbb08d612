// What the writers of Gemini's and Bedrock's bodies share: turns that alternate, calls by their ids, schemas. Internal
// to providers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

/// The turns from message `first` on. Refuses system prompts among them, none at all, and those that begin with the
/// assistant or (unless `may_prefill`) end with it.
WireResult<std::vector<Turn>> turns_of(const Conversation& conversation, size_t first, bool may_prefill = false);

/// The function of the call with this id; nullopt: there is no such call.
std::optional<std::string> name_of_call(const Conversation& conversation, std::string_view id);

/// How the client's dialect says that only one tool may be called at a time.
std::string parallel_field(const Conversation& conversation);

/// The schema with a description, unless it has one.
std::string described(const std::string& schema, std::string_view description);

/// 0 if it is no array.
size_t array_size(std::string_view json);

/// The tier that everybody gets, in either client dialect's words.
bool usual_tier(std::string_view json);

} // namespace kairos::providers
