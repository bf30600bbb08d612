// What OpenAI's chat completions and responses say alike, for their readers. Internal to providers: it includes
// simdjson.
#pragma once

#include <string_view>

#include "providers/object_rules.h"

namespace kairos::providers {

/// `parallel_tool_calls`.
Checked take_parallel(Conversation& out, Json value, const Path& path);

/// `reasoning_effort`, `reasoning.effort`.
Checked take_effort(Conversation& out, Json value, const Path& path);

/// A `tool_choice` that is a word.
Checked take_choice_word(Conversation& out, Json word, const Path& path);

/// `response_format`, `text.format`, whose type is `type`.
Checked take_typed_format(Conversation& out, OutputFormat format, std::string_view type, const Path& path);

} // namespace kairos::providers
