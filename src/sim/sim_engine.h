// Simulated providers without their sockets: an endpoint, the request's JSON and a seed → an answer to be played. Pure:
// the same input gives the same bytes. Dialects: OpenAI chat completions, responses and embeddings, Anthropic messages,
// Gemini's generateContent, Bedrock's converse; lists of models. What goes wrong is asked for by controls,
// "status=429;retry_after=1", in the last user message as
// "[[sim:CONTROLS]]" or given beside the request (these win):
//   status=400…599   an error in the dialect's shape      retry_after=SECONDS  with the Retry-After header
//   reset            closes before answering              break                breaks off half-way
//   stall            never answers                        slow=MILLISECONDS    before each piece after the first
//   no_usage         everything right, but no usage       error_event          an error in the middle of a stream
// What comes right is asked for by others; the simulated OpenAI and Anthropic know them:
//   say=TEXT         answers this, up to a stop sequence  tools=1…16           calls so many of the declared tools,
//   once refuse           declines                             think                reasons, and shows it
// Tokens: a prompt has one per four characters of its texts; an answer one per word, or per four characters of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace kairos::sim {

enum class Endpoint : std::uint8_t {
  kChatCompletions,
  kMessages,
  kResponses,
  kEmbeddings,
  kGemini,
  kGeminiStream,
  kConverse,
  kConverseStream,
  kOpenAiModels,
  kAnthropicModels,
  kGeminiModels,
};

struct Piece {
  Duration delay{}; // before it is sent
  std::string bytes;
};

enum class Ending : std::uint8_t {
  kDone,
  kReset, // nothing is sent, the connection is closed
  kBreak, // the connection breaks after the pieces
  kStall, // nothing is sent until the client leaves
};

struct SimAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<Piece> pieces; // one if not streamed
  bool streamed = false;     // played as a stream; broken answers always are
  Ending ending = Ending::kDone;
};

struct EngineOptions {
  std::uint64_t seed = 1;
  double latency_scale = 0; // of each model's own pace (pace.h); 0: immediately. Not of `slow`.
  size_t most_words = 39;   // of an answer in prose; the least are 8
};

/// `controls` as above, or empty. What is wrong with the request or its controls is answered with status 400.
/// `model`: for the endpoints that have it in their path.
SimAnswer simulate(Endpoint endpoint, std::string_view body, std::string_view controls, const EngineOptions& options,
                   std::string_view model = {});

/// An error in the endpoint's dialect.
SimAnswer simulated_error(Endpoint endpoint, int status, std::string_view message);

} // namespace kairos::sim
