// What a simulated provider is told to do wrong, and how else it departs from its profile. Set by flags or over HTTP:
//   POST /sim/behaviour {"model":"gpt-4.1","fault":"error","status":429,"retry_after":1,"times":2}
// Every field is optional. Rules are tried newest first; the first that fits a request decides alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"

namespace kairos::sim {

enum class Fault : std::uint8_t {
  kNone,
  kError,       // answers `status` with the dialect's error body
  kStallHead,   // takes the request and never answers
  kStallStream, // stands still half-way
  kCloseHead,   // sends the head of the answer, then closes
  kCloseStream, // closes half-way, between two events
  kCutEvent,    // closes half-way inside an event
  kErrorEvent,  // an error event half-way through the stream
  kReset,       // closes before anything
  kGarbage,     // an answer that is not what the dialect promises
  kNoUsage,     // everything right, but no usage
  kZeroUsage,   // usage of zeros
  kWrongUsage,  // more cached than prompt tokens
  kNoTerminal,  // the stream ends without its last event
};
inline constexpr std::array<std::string_view, 14> kFaultNames = {
    "none",        "error", "stall_head", "stall_stream", "close_head", "close_stream", "cut_event",
    "error_event", "reset", "garbage",    "no_usage",     "zero_usage", "wrong_usage",  "no_terminal"};

struct Behaviour {
  std::string model;    // empty or "*": every model
  std::string provider; // the path's prefix (/openai/v1/… is "openai"); empty: every one
  Fault fault = Fault::kNone;
  int status = 500;
  std::string error_code;    // of the error body
  std::string error_message; // likewise
  std::optional<std::int64_t> retry_after; // seconds
  double rate = 1;                         // share of the requests that the fault hits
  std::int64_t times = 0;                  // how many requests it lasts; 0: until it is reset
  std::int64_t hold = 0;                   // answers wait until so many requests have arrived since this was set
  std::optional<double> latency_ms;        // exactly, instead of the profile's
  std::optional<double> tokens_per_second;
  std::optional<std::int64_t> output_tokens;
  std::optional<std::int64_t> input_tokens; // what the usage says
  std::optional<std::int64_t> cached_tokens;
  std::optional<std::int64_t> reasoning_tokens;
  std::optional<std::string> text; // the whole answer, word for word
};

/// Unknown fields and wrong types are errors that name the field.
Result<Behaviour> parse_behaviour(std::string_view json);

/// The rules in force. Thread-safe.
class BehaviourBook {
public:
  void add(Behaviour rule);
  void clear();
  /// The newest rule that fits, with its `times` counted down; a default one if none does.
  Behaviour take(std::string_view provider, std::string_view model);

private:
  Guarded<std::vector<Behaviour>> rules_;
};

} // namespace kairos::sim
