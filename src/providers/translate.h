// Bodies between dialects: a client's body → Conversation → a provider's body. Pure. Rules: docs/compatibility.md;
// golden cases: tests/cases/translate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "providers/conversation.h"
#include "providers/upstream_request.h"
#include "providers/wire_error.h"

namespace kairos::providers {

/// A body for a provider, and the names of the hints that it has no word for ("cache_control", "prompt_cache_key").
struct Written {
  std::string body;
  std::vector<std::string> left_out{};
};

/// From a body that parse_client_request has accepted. Only chat completions, responses and messages. Refuses, by name,
/// every field that is not understood: it could not be carried over. `kairosroute` is not part of it.
WireResult<Conversation> read_conversation(model::Endpoint client, std::string_view body);

/// The body for a target of another dialect. Refuses, by the client's name, what the dialect has no word for.
WireResult<Written> write_body(const Conversation& conversation, const UpstreamTarget& target);

// The writers, one per dialect; write_body chooses.
WireResult<Written> write_chat_body(const Conversation& conversation, const UpstreamTarget& target);
WireResult<Written> write_messages_body(const Conversation& conversation, const UpstreamTarget& target);
WireResult<Written> write_gemini_body(const Conversation& conversation, const UpstreamTarget& target);
/// Models differ in what they take; without a model in the target, nothing is refused that some model takes.
WireResult<Written> write_bedrock_body(const Conversation& conversation, const UpstreamTarget& target);

/// How a tool result that is an error is told to a dialect that has no word for it: a text before the result's own.
inline constexpr std::string_view kToolErrorPrefix = "Error: ";

/// Reasoning between the two ways to ask for it. Documented in docs/compatibility.md.
std::int64_t budget_of_effort(std::string_view effort);
std::string_view effort_of_budget(std::int64_t budget);

} // namespace kairos::providers
