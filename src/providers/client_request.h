// What a client's request body says, as far as KairosRoute has to know it. Pure: bytes in, values out.
//
// The whole document is validated (JSON grammar, UTF-8, depth ≤ 64) and every top-level key is compared unescaped;
// a key that is read and stands there twice is refused, so that no second model can be smuggled past the router.
// Field rules follow OpenAI's chat completions, responses, embeddings and completions, and Anthropic's messages.
// Thread-safe: each thread keeps its own parser; the result owns what it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/enums.h"
#include "model/request.h"
#include "providers/wire_error.h"

namespace kairos::providers {

inline constexpr size_t kMaxDepth = 64;
/// Counts of tokens, choices and the like above this are refused as absurd.
inline constexpr std::int64_t kMaxCount = std::int64_t{1} << 31;

/// Bytes [begin, end) of the client's body.
struct Span {
  size_t begin = 0;
  size_t end = 0;
  std::string_view of(std::string_view body) const { return body.substr(begin, end - begin); }
};

/// A member of the body's outermost object: from the first quote of its key to the end of its value, and the value.
struct Member {
  Span whole;
  Span value;
};

/// Where the body may have to be edited; absent members are nullopt.
struct EditPoints {
  size_t first_member = 0; // just behind the opening brace
  std::optional<Member> model;
  std::optional<Member> max_output; // the bound in the name the client used
  bool bound_named_twice = false;   // OpenAI chat: both names stand there, one of them null
  std::optional<Member> stream_options;
  std::optional<Member> kairosroute;
  std::optional<Span> include_usage;           // its value inside stream_options
  std::optional<size_t> stream_options_inside; // just behind the brace of stream_options
  bool stream_options_empty = false;
};

struct ParsedRequest {
  model::Endpoint endpoint = model::Endpoint::kChatCompletions;
  model::Dialect dialect = model::Dialect::kOpenAi; // the client's
  std::string model;                                // as sent, any variant suffix included
  bool stream = false;
  bool include_usage = false; // the client itself asked for usage in its stream
  std::optional<std::int64_t> max_output_tokens;
  std::string max_output_field; // "max_tokens", "max_completion_tokens", "max_output_tokens"; empty if none was given
  std::int64_t choices = 1;     // n or best_of, whichever is more
  model::Needs needs;
  std::string end_user;
  std::string service_tier;
  std::string previous_response_id; // OpenAI responses: context that is kept at the provider
  std::string kairosroute;          // the body's `kairosroute` object, raw JSON; empty if there is none

  // All text that will be tokenised, unescaped, in one owned buffer; the views below point into it by offset.
  std::string text;             // system, messages, tool definitions and schemas, each followed by '\n'
  Span system_text;             // of `text`
  Span last_user_text;          // of `text`
  std::int64_t messages = 0;    // how many (embeddings, completions: inputs)
  std::int64_t token_ids = 0;   // inputs given as token numbers (embeddings, completions): exact, and not in `text`
  std::int64_t images = 0;      // image parts, whatever their form
  std::int64_t audio_bytes = 0; // inline base64 audio, in characters
  std::int64_t file_bytes = 0;  // inline base64 files (PDF, …), in characters
  bool remote_parts = false;    // files by id or URL: their tokens cannot be known from the body
  bool wants_json = false;      // the answer is to be JSON, of any shape or of a schema
  bool deterministic = false;   // temperature is given and is 0

  EditPoints edits;

  std::string_view system() const { return system_text.of(text); }
  std::string_view last_user() const { return last_user_text.of(text); }
};

/// Errors name the field. kInvalid only.
WireResult<ParsedRequest> parse_client_request(model::Endpoint endpoint, std::string_view body);

/// Anthropic's messages/count_tokens: as messages, but without a bound on the output.
WireResult<ParsedRequest> parse_count_request(std::string_view body);

/// Why this request cannot be routed but only be sent to a model that it names; nullopt: it can. OpenAI's embeddings
/// (vectors of two models cannot be compared), completions (few models take plain prompts), responses that go on from
/// kept ones.
std::optional<WireError> must_be_pinned(const ParsedRequest& request);

/// The facts that routing needs, but for token counts and constraints, which the caller fills. The suffixes :free,
/// :thinking and :extended become the variant.
model::RequestFacts request_facts(const ParsedRequest& request);

/// The dialect in which a client of this endpoint speaks and wants its errors.
constexpr model::Dialect client_dialect(model::Endpoint endpoint) {
  return endpoint == model::Endpoint::kMessages ? model::Dialect::kAnthropic : model::Dialect::kOpenAi;
}

} // namespace kairos::providers
