// The dialects' successful answers.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sim_engine.h"
#include "sim/sim_request.h"
#include "sim/sim_text.h"

namespace kairos::sim {

/// Unix time of all simulated answers and models: answers are the same whenever they are asked for.
inline constexpr std::int64_t kCreated = 1'767'225'600;

/// What is generated for one choice.
struct Generated {
  std::vector<std::string> tokens;            // of the text, of the JSON text, or of the tool's arguments
  std::vector<std::vector<std::string>> more; // of the arguments of further calls
  std::int64_t reasoning_tokens = 0;
  bool cut = false;     // by the limit on tokens
  bool refused = false; // the tokens are a refusal
  std::string stop;     // the stop sequence that was met
  std::string text() const;
  std::int64_t total_tokens() const;
};

/// What a model that reasons says of it, where it says anything.
inline constexpr std::string_view kThought = "Weighing what was asked. ";
/// A call: which, and its arguments' tokens.
struct SimCall {
  const ForcedTool* tool = nullptr;
  const std::vector<std::string>* tokens = nullptr;
  std::string id;
};
/// All calls of an answer, with ids that begin with `prefix`.
std::vector<SimCall> calls_of(const SimRequest& request, const Generated& generated, std::string_view prefix,
                              Random& random);
std::string join_tokens(const std::vector<std::string>& tokens);

/// What the controls say about a good answer.
void apply_controls(const Controls& controls, SimRequest& request);
/// Reasoning comes first and counts against the limit.
Generated generate(const SimRequest& request, Random& random, bool may_reason);
/// "PREFIX" and 16 hexadecimal digits.
std::string make_id(std::string_view prefix, Random& random);

std::vector<Piece> chat_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> messages_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> responses_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> gemini_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> converse_pieces(const SimRequest& request, const Controls& controls, Random random);
/// What follows the first half of a stream that breaks off with an error: `error_event`.
std::string error_event(Endpoint endpoint, std::string_view message);

} // namespace kairos::sim
