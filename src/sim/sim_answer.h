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
  std::vector<std::string> tokens; // of the text, of the JSON text, or of the tool's arguments
  std::int64_t reasoning_tokens = 0;
  bool cut = false; // by the limit on tokens
  std::string text() const;
  std::int64_t total_tokens() const { return reasoning_tokens + static_cast<std::int64_t>(tokens.size()); }
};

/// Reasoning comes first and counts against the limit.
Generated generate(const SimRequest& request, Random& random, bool may_reason);
/// "PREFIX" and 16 hexadecimal digits.
std::string make_id(std::string_view prefix, Random& random);

std::vector<Piece> chat_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> messages_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> gemini_pieces(const SimRequest& request, const Controls& controls, Random random);
std::vector<Piece> converse_pieces(const SimRequest& request, const Controls& controls, Random random);
/// What follows the first half of a stream that breaks off with an error: `error_event`.
std::string error_event(Endpoint endpoint, std::string_view message);

} // namespace kairos::sim
