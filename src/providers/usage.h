// A provider's usage object → disjoint meters (model/meter.h). Pure.
//
// OpenAI counts cached tokens inside prompt tokens and reasoning inside completion tokens; Anthropic counts cache reads
// and writes beside input tokens; xAI puts reasoning beside completion tokens, and only the total tells; Gemini's
// thoughts stand beside its candidates. Classes that contradict the totals set `inconsistent`; nothing goes negative.
#pragma once

#include <optional>
#include <string_view>

#include "model/enums.h"
#include "model/meter.h"

namespace kairos::providers {

/// Which usage object it is: OpenAI's chat, completions and embeddings share one shape, its responses have another.
enum class UsageShape : std::uint8_t { kOpenAiChat, kOpenAiResponses, kAnthropic, kGemini, kBedrock };
UsageShape usage_shape(model::Endpoint client_endpoint, model::Dialect provider);

/// Reads one usage object (raw JSON). nullopt if it is null, not an object, or holds no count at all.
std::optional<model::Usage> read_usage(UsageShape shape, std::string_view json);

/// A later report about the same answer. Reports are cumulative, so the later wins, but nothing that was counted is
/// lost to a zero (some providers end a stream with empty usage) or to a report of the output alone.
void merge_usage(UsageShape shape, model::Usage& known, const model::Usage& later);

} // namespace kairos::providers
