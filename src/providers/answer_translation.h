// The readers and writers behind make_answer_reader and make_answer_writer. Internal to providers: it includes
// simdjson.
#pragma once

#include "providers/answer_events.h"
#include "providers/json.h"
#include "providers/usage.h"

namespace kairos::providers {

std::unique_ptr<AnswerReader> make_chat_reader();
std::unique_ptr<AnswerReader> make_messages_reader();
std::unique_ptr<AnswerReader> make_gemini_reader();
std::unique_ptr<AnswerReader> make_bedrock_reader();

std::unique_ptr<AnswerWriter> make_chat_writer(const WriterOptions& options);
std::unique_ptr<AnswerWriter> make_messages_writer(const WriterOptions& options);
std::unique_ptr<AnswerWriter> make_responses_writer(const WriterOptions& options);

/// Input that was read from and written to caches, together or apart, from the disjoint meters.
struct InputCounts {
  std::int64_t all = 0; // what OpenAI calls prompt tokens
  std::int64_t fresh = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_written = 0;
};
InputCounts input_counts(const model::Usage& usage);

} // namespace kairos::providers
