// A message of a prompt or an answer between two forms: what a client's dialect says, read leniently, and
// OpenTelemetry's JSON, written within a bound. Internal to genai_messages.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/json.h"

namespace kairos::api {

struct GenAiPart {
  std::string type = "text"; // text, reasoning, tool_call, tool_call_response, uri, blob, or the client's own word
  std::string id{};          // of a tool call
  std::string name{};        // of a tool
  std::string content{};     // text; arguments or response of a tool; an address. Empty for what is only named
  std::string media_type{};
};

struct GenAiMessage {
  std::string role;
  std::vector<GenAiPart> parts{};
};

/// `value` is a string, or an array of parts, of any of the dialects.
void add_parts(std::vector<GenAiPart>& into, providers::Json value);
/// A message of chat completions or of Anthropic's: role, content, tool calls.
GenAiMessage message_of(providers::Json message);
/// Items of OpenAI's responses, input or output.
void add_items(std::vector<GenAiMessage>& into, providers::JsonArray items, std::string_view default_role);

struct Bounded {
  std::string json; // valid, at most as long as was asked for; empty: nothing had room
  bool cut = false;
};
/// The newest messages that have room, the oldest of them with texts cut. `finish_reason`: written if it is not empty.
Bounded write_messages(const std::vector<GenAiMessage>& messages, std::string_view finish_reason, size_t most_bytes);
/// The first parts that have room, the last of them cut.
Bounded write_parts(const std::vector<GenAiPart>& parts, size_t most_bytes);

} // namespace kairos::api
