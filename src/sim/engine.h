// The simulated providers without their sockets: a request's bytes → a scripted answer. The same seed and the same
// sequence of requests give the same answers. Dialects: OpenAI chat completions, responses, embeddings, completions and
// models; Anthropic messages and models. Any model id is served (profile.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "sim/behaviour.h"

namespace kairos::sim {

struct SimRequest {
  std::string_view method;
  std::string_view path; // "/v1/chat/completions", or with a provider's name in front: "/openai/v1/chat/completions"
  std::string_view body;
};

struct Piece {
  Duration delay{}; // before it is sent
  std::string bytes;
};

enum class Ending : std::uint8_t { kDone, kClose, kStall };

/// An answer as it is to be played.
struct Script {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  bool streamed = false;
  bool no_head = false; // nothing at all is sent; `ending` says how it goes on
  Duration head_delay{};
  std::vector<Piece> pieces; // one for a whole body
  Ending ending = Ending::kDone;
  std::int64_t hold = 0;
};

struct EngineOptions {
  std::uint64_t seed = 1;
  bool no_latency = false; // for benchmarks: everything at once
  double speed = 1;        // 10: ten times as fast as the profiles say
};

/// Thread-safe.
class SimEngine {
public:
  SimEngine(EngineOptions options, const Clock& clock) : options_(options), clock_(clock) {}

  Script answer(const SimRequest& request);
  BehaviourBook& behaviours() { return behaviours_; }

private:
  const EngineOptions options_;
  const Clock& clock_;
  BehaviourBook behaviours_;
  Guarded<std::unordered_set<std::uint64_t>> cached_prompts_; // what the simulated prompt cache holds
};

} // namespace kairos::sim
