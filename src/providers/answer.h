// Reads what a provider answers while it is being relayed: ids, finish reason, usage in disjoint classes, errors.
// Fed with whole JSON bodies, or with SSE events that somebody else has framed. Pure; never fails: an answer that
// cannot be understood leaves its facts empty and usage unknown. Rules for usage, with the sources of each trap:
// docs/money.md; golden cases: tests/cases/cost, tests/cases/sse.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/enums.h"
#include "model/meter.h"
#include "providers/answer_events.h"
#include "providers/provider_error.h"

namespace kairos::providers {

/// What an event of a stream is, for the one who relays it.
enum class EventKind : std::uint8_t {
  kContent,   // carries output: text, reasoning, a tool call
  kOther,     // role, ping, start and end of blocks, finish reason
  kUsageOnly, // OpenAI's extra chunk with empty choices: hidden from a client that did not ask for usage
  kTerminal,  // the dialect's last event ("[DONE]", message_stop, response.completed …)
  kError,     // an error in mid-stream; nothing good follows
};

struct AnswerFacts {
  std::string response_id;
  std::string response_model;
  std::string finish_reason;          // in the provider's own words: "stop", "length", "tool_calls", "end_turn", …
  model::Usage usage;                 // source kUnknown until the provider has reported any
  std::optional<ProviderError> error; // in the body, or as an event of the stream
  std::int64_t output_bytes = 0; // text, reasoning and tool arguments, unescaped: for counting when a stream breaks
  std::int64_t events = 0;
  int open_block = -1; // Anthropic: index of the content block that is open
  bool first_content_seen = false;
  bool saw_terminal = false;
  bool malformed = false; // an event or body was not the JSON that its dialect promises
};

inline constexpr size_t kMaxKeptOutput = size_t{1} << 20;

/// One per attempt; one thread at a time.
class AnswerTap {
public:
  AnswerTap(model::Endpoint client_endpoint, model::Dialect provider);

  /// `name` is the SSE event field (empty if none), `data` its data lines joined by newlines. Gemini and Bedrock have
  /// no last event: with saw_terminal the stream may end.
  EventKind on_event(std::string_view name, std::string_view data);
  /// A whole non-streamed body with a 2xx status.
  void on_body(std::string_view json);

  const AnswerFacts& facts() const { return facts_; }
  /// Output text so far, at most kMaxKeptOutput bytes, if keep_output was called before: for exact counting.
  void keep_output() { keep_output_ = true; }
  const std::string& output() const { return output_; }

private:
  friend class TapReader;

  model::Endpoint endpoint_;
  model::Dialect provider_;
  std::unique_ptr<AnswerReader> native_; // Gemini, Bedrock
  AnswerFacts facts_;
  std::string output_;
  bool keep_output_ = false;
};

} // namespace kairos::providers
