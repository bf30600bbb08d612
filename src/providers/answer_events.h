// AnswerEvent: what a provider says, in no dialect and in order. One reader per provider dialect makes events of whole
// bodies and of stream events alike; one writer per client endpoint turns them into a whole answer or a stream. Pure
// state machines over framed events: how the bytes were cut never matters.
//
// The order that readers keep: kStart first; then content, where all of one block's deltas come before the next block
// begins (kToolArguments belong to the last kToolStart); then kFinish and kUsage, in any order, kUsage possibly more
// than once (the last one stands). After kError nothing comes. A reader that is fed what it cannot understand yields
// nothing: the AnswerTap, which reads the same bytes, says so in the receipt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/enums.h"
#include "model/meter.h"
#include "providers/provider_error.h"

namespace kairos::providers {

enum class FinishReason : std::uint8_t {
  kStop,          // it was done, or met a stop sequence
  kLength,        // the bound on output, or the context's end
  kToolCalls,     // it waits for tool results
  kContentFilter, // it declined, or a filter cut it off
};

struct AnswerEvent {
  enum class Kind : std::uint8_t {
    kStart,             // id and text: the provider's response id, and its model's name
    kText,              // text: more of it
    kThinking,          // text: more of the reasoning that may be shown
    kThinkingSignature, // text: proof of the thinking that came before; ends its block
    kRedactedThinking,  // text: opaque, a block of its own
    kRefusal,           // text: more of the model's words for declining
    kToolStart,         // id, name: a call begins
    kToolArguments,     // text: more of its arguments' JSON
    kFinish,            // reason; text: the stop sequence that was met, if the provider says it; name: its own word for
                        // the reason (Gemini's and Bedrock's readers)
    kUsage,             // usage
    kError,             // error
  };
  Kind kind{};
  std::string text{};
  std::string id{};
  std::string name{};
  FinishReason reason = FinishReason::kStop;
  model::Usage usage{};
  ProviderError error{};
};

/// A provider's answer → events. One per attempt; one thread at a time.
class AnswerReader {
public:
  virtual ~AnswerReader() = default;
  /// One event of a stream, framed by somebody else: the SSE event field (empty if none) and its data. Appends.
  virtual void on_event(std::string_view name, std::string_view data, std::vector<AnswerEvent>& out) = 0;
  /// A whole body with a 2xx status. Appends.
  virtual void on_body(std::string_view json, std::vector<AnswerEvent>& out) = 0;
};

/// Events → a client's answer. One per attempt; one thread at a time.
class AnswerWriter {
public:
  virtual ~AnswerWriter() = default;
  /// Streams append what there is to say already, whole SSE events; whole answers only remember. kError is not written:
  /// what the client is told then is the caller's (error_event, error_body).
  virtual void on(const AnswerEvent& event, std::string& out) = 0;
  /// The provider is done. Appends to `out` what is left, and to `last` the dialect's last event (a whole answer: the
  /// body), before which the caller may have something to do.
  virtual void finish(std::string& out, std::string& last) = 0;
};

struct WriterOptions {
  bool stream = false;
  bool include_usage = false;       // OpenAI chat streams: the client asked for the usage chunk
  bool encrypted_reasoning = false; // OpenAI responses: the client asked for reasoning.encrypted_content
  /// OpenAI responses: what an answer repeats of the request, names (literals) and raw JSON.
  std::vector<std::pair<std::string_view, std::string>> echo{};
  std::int64_t created = 0; // Unix seconds
};

/// For an answer to `body`, which parse_client_request has accepted.
WriterOptions writer_options(model::Endpoint client, std::string_view body);

/// nullptr: answers of this dialect cannot be read yet.
std::unique_ptr<AnswerReader> make_answer_reader(model::Dialect provider);
/// `client` is kChatCompletions, kResponses or kMessages.
std::unique_ptr<AnswerWriter> make_answer_writer(model::Endpoint client, const WriterOptions& options);

} // namespace kairos::providers
