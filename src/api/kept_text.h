// Kept content as the API tells it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "content/kept.h"
#include "model/json_writer.h"

namespace kairos::api {

/// Of a kept stream: longer ones are no events.
inline constexpr size_t kLargestEvent = size_t{64} << 20;

/// What the model said, put together from a whole answer or from the events of a stream: text, reasoning and arguments
/// of tool calls. Empty for anything else.
std::string output_text(model::Endpoint endpoint, std::string_view content_type, std::string_view answer);

/// {"body", "encoding": "text" or "base64", "bytes", "truncated"} and no braces.
void write_body(model::JsonWriter& json, const content::Body& body);

/// True if `needle`, or how it is written inside a JSON string, is in it; ASCII letters match in either case.
bool contains_text(const content::Kept& kept, std::string_view needle);

} // namespace kairos::api
