// Where the texts of a prompt stand in a client's body: the system prompt and the messages of users, in the dialects
// that clients speak. For edits in place. Pure, one pass; the body was validated before.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/enums.h"

namespace kairos::policy {

struct PromptText {
  enum class Role : std::uint8_t { kSystem, kUser };
  Role role = Role::kUser;
  size_t begin = 0; // of the raw string, inside its quotes
  size_t end = 0;
  bool escaped = false;
  bool last_user = false; // of the last message of a user
};

struct PromptTexts {
  std::vector<PromptText> texts;
  /// Where a system prompt goes if there is none: just behind the bracket of the messages (chat), or behind the brace
  /// of the body (messages, responses). nullopt: this endpoint knows none.
  std::optional<size_t> system_place;
  bool messages_empty = false; // nothing stands behind system_place in its array or object
};

PromptTexts find_prompt_texts(model::Endpoint endpoint, std::string_view body);

} // namespace kairos::policy
