// Reasoning of other dialects in OpenAI's reasoning items: the thoughts are the summary, and what proves them to their
// provider stands in `encrypted_content`, marked, so that a client that sends its items back brings it along. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "providers/conversation.h"

namespace kairos::providers {

/// The entry of `include` with which a client asks for encrypted_content.
inline constexpr std::string_view kEncryptedReasoning = "reasoning.encrypted_content";

/// encrypted_content for a signature of thoughts, or for thoughts that are opaque altogether.
std::string encrypted_signature(std::string_view signature);
std::string encrypted_redacted(std::string_view data);

/// The part that such an item was made from; nullopt: it is somebody else's.
std::optional<Part> reasoning_part(std::string_view summary, std::string_view encrypted);

} // namespace kairos::providers
