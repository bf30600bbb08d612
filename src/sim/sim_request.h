// What the simulated providers understand of a request, and the controls found in it.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::sim {

struct Controls {
  std::optional<int> status;
  std::optional<std::int64_t> retry_after; // seconds
  std::optional<std::int64_t> slow;        // milliseconds
  bool reset = false;
  bool break_off = false;
  bool stall = false;
  bool no_usage = false;
  bool error_event = false;
  bool refuse = false;
  bool think = false;
  std::optional<std::int64_t> tools; // how many calls
  std::optional<std::string> say;
};

/// The highest limit on tokens that is taken.
inline constexpr std::int64_t kMostTokens = 10'000'000;

struct ForcedTool {
  std::string name;
  boost::json::value schema;
};

struct SimRequest {
  std::string model;
  std::string last_user_text;
  std::int64_t prompt_tokens = 1;
  std::optional<std::int64_t> max_tokens;
  std::int64_t choices = 1;
  size_t most_words = 39; // of the answer; not from the request: EngineOptions
  bool stream = false;
  bool include_usage = false;
  bool cache_control = false;         // Anthropic, Bedrock: some part of the prompt is to be cached
  bool thinks = false;                // Gemini, Bedrock: asked to reason, or does so unasked
  bool never_thinks = false;          // Gemini: asked not to
  bool shows_thoughts = false;        // … and to say how
  std::optional<ForcedTool> tool;     // the one to be called
  std::vector<ForcedTool> tools;      // OpenAI, Anthropic: all that are declared
  bool refuses = false;               // Controls::refuse
  std::optional<std::string> say;     // Controls::say
  std::vector<ForcedTool> more_calls; // … beside `tool`, in parallel: Controls::tools
  bool has_results = false;           // … results of calls came after the user's last text
  std::vector<std::string> stops;     // … stop sequences
  std::string previous_response_id;   // OpenAI's responses
  bool encrypted_reasoning = false;   // … asked for
  bool json_text = false;
  boost::json::value json_schema; // of json_text; null: any object
};

/// kInvalid names the field.
Result<SimRequest> read_chat_request(const boost::json::object& body);
Result<SimRequest> read_messages_request(const boost::json::object& body);
Result<SimRequest> read_responses_request(const boost::json::object& body);
/// Their model and whether they stream stand in the path. Fields that these services do not have are refused, as Google
/// does.
Result<SimRequest> read_gemini_request(const boost::json::object& body);
Result<SimRequest> read_converse_request(const boost::json::object& body);

/// Adds "name=value;name" to `controls`; later ones win. kInvalid names what is unknown or out of range.
Result<void> read_controls(std::string_view text, Controls& controls);
/// The same for each "[[sim:…]]" in a text.
Result<void> find_controls(std::string_view text, Controls& controls);

} // namespace kairos::sim
