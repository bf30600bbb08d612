// SpanContent: prompt and answer as OpenTelemetry's GenAI conventions write them, for destinations that capture
// content. Made outside of this folder, from what is kept (docs/content.md); here it is only put on a span.
#pragma once

#include <functional>
#include <string>

#include "model/receipt.h"

namespace kairos::telemetry {

/// JSON texts, each no longer than was asked for; empty: there is none.
struct SpanContent {
  std::string system_instructions;
  std::string input_messages;
  std::string output_messages;
  bool truncated = false; // something of it had no room
  bool empty() const { return system_instructions.empty() && input_messages.empty() && output_messages.empty(); }
};

struct FoundContent {
  SpanContent content;       // empty: there is none, or it may not be exported
  bool still_coming = false; // it is to be kept and is not written yet: ask again in a moment
};

/// Blocks; called on an exporter's thread, once for each receipt of each destination that captures content.
using FindContent = std::function<FoundContent(const model::Receipt& receipt, size_t most_bytes)>;

} // namespace kairos::telemetry
