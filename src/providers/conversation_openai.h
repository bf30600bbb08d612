// What OpenAI's chat completions and responses say alike, for their readers. Internal to providers: it includes
// simdjson.
#pragma once

#include <string>

#include "providers/object_rules.h"

namespace kairos::providers {

/// `parallel_tool_calls`.
Checked take_parallel(Conversation& out, Json value, const Path& path);

/// `reasoning_effort`, `reasoning.effort`.
Checked take_effort(Conversation& out, Json value, const Path& path);

/// A `tool_choice` that is a word.
Checked take_choice_word(Conversation& out, Json word, const Path& path);

/// An entry of `tools`.
struct TypedTool {
  std::string type{};
  Tool tool{};
};

/// `response_format`, `text.format`.
struct TypedFormat {
  std::string type{};
  OutputFormat format{};
};
Checked take_typed_format(Conversation& out, TypedFormat typed, const Path& path);

} // namespace kairos::providers
