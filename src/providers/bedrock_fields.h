// What Bedrock's models differ in, and the words that converse has for files. Internal to providers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "providers/conversation.h"
#include "providers/upstream_request.h"
#include "providers/wire_error.h"

namespace kairos::providers {

/// "png", "pdf", … for a media type; empty: not taken.
std::string_view bedrock_image_format(std::string_view media_type);
std::string_view bedrock_document_format(std::string_view media_type);
/// Letters, digits, single blanks and "-()[]" are allowed.
std::string bedrock_document_name(std::string_view name);

/// A target without a model counts as one of Anthropic's, which take most.
bool is_bedrock_claude(const UpstreamTarget& target);

/// Members of additionalModelRequestFields that say how much to reason, in the words of the model's family; empty:
/// none.
WireResult<std::string> bedrock_reasoning(const Conversation& conversation, const UpstreamTarget& target,
                                          std::vector<std::string>& left_out);

} // namespace kairos::providers
