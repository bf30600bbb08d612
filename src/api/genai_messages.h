// Kept content in the words of OpenTelemetry's GenAI conventions (1.41): gen_ai.input.messages, gen_ai.output.messages
// and gen_ai.system_instructions as JSON texts. Pure, and lenient: what it does not know is named by its type and left
// out; a body that is no JSON, or was cut, gives nothing. Bytes of images, sounds and files are never in it.
#pragma once

#include <string>
#include <string_view>

#include "content/kept.h"

namespace kairos::api {

struct GenAiMessages {
  std::string system_instructions; // what the dialect has apart from the messages: Anthropic's system, instructions
  std::string input_messages;      // as the client sent them, or as rewriting rules made them
  std::string output_messages;     // of answers with status 200
  bool truncated = false;          // texts were cut, or messages left out, to stay within the bound
};

/// Each text is valid JSON of at most `most_bytes`, or empty. Of a long conversation the newest messages are kept.
/// `finish_reason`: of the answer, in the provider's words.
GenAiMessages genai_messages(const content::Kept& kept, std::string_view finish_reason, size_t most_bytes);

} // namespace kairos::api
