// Conversation: what a client asks for, in no dialect. One reader per client endpoint makes it, one writer per provider
// dialect turns it into a body; both only where client and provider speak different dialects (docs/compatibility.md has
// the rules and the tables). Values, no views: it lives as long as the flight that needs it. Pure.
//
// Nothing is dropped in silence. A reader refuses what it does not know, by the name of the client's field; a writer
// refuses what its dialect has no word for, by the same name (`param` and `where` are the client's names:
// "messages[2].content[0]"). Hints whose loss cannot change the answer are left out and named in `Written::left_out`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/enums.h"

namespace kairos::providers {

/// Part of a message. Which members are used stands beside each kind; all others are empty.
struct Part {
  enum class Kind : std::uint8_t {
    kText,             // text
    kImage,            // url, or data with media_type; detail
    kAudio,            // data (base64), media_type: "audio/wav", "audio/mp3"
    kFile,             // url, or data with media_type, or (media_type "text/plain") text; name: of the file
    kToolCall,         // id, name, text: the arguments, a JSON object
    kToolResult,       // id, content; is_error
    kThinking,         // text; signature: the provider's proof, opaque; may be empty
    kRedactedThinking, // data: opaque
    kRefusal,          // text: the model declined, in its own words
  };
  Kind kind = Kind::kText;
  std::string text{};
  std::string url{};
  std::string data{}; // base64, without "data:…;base64,"
  std::string media_type{};
  std::string detail{}; // of an image: "low", "high", "auto"
  std::string id{};     // of a tool call
  std::string name{};
  std::string signature{};
  std::vector<Part> content{}; // of a tool result: texts, images and files
  bool is_error = false;
  std::string cache_control{}; // Anthropic's, raw JSON; a hint
  std::string where{};         // the client's name of it: "messages[2].content[0]"
};

enum class Role : std::uint8_t { kSystem, kUser, kAssistant, kTool };

/// Tool results stand in messages of role kTool, one or more each, whatever the client's dialect does. Neighbours of
/// the same role are not joined; a writer whose dialect wants turns to alternate does that.
struct Message {
  Role role = Role::kUser;
  std::vector<Part> parts{};
  std::string where{}; // "messages[2]"
};

/// A function that the client runs. Tools that a provider runs are never translated.
struct Tool {
  std::string name{};
  std::string description{};
  std::string parameters{}; // raw JSON Schema; empty: no arguments
  std::optional<bool> strict{};
  std::string cache_control{};
  std::string where{}; // "tools[0]"
};

struct ToolChoice {
  enum class Kind : std::uint8_t { kUnset, kAuto, kNone, kRequired, kNamed };
  Kind kind = Kind::kUnset;
  std::string name{};             // of kNamed
  std::optional<bool> parallel{}; // several calls in one answer; nullopt: not said
};

struct OutputFormat {
  enum class Kind : std::uint8_t { kText, kJsonObject, kJsonSchema };
  Kind kind = Kind::kText;
  std::string name{}; // may be empty: Anthropic's have none
  std::string description{};
  std::string schema{}; // raw JSON
  std::optional<bool> strict{};
  std::string where{}; // "response_format", "text.format", "output_config.format"
};

/// Reasoning as asked for: an effort (OpenAI's word) or a budget of tokens (Anthropic's), not both.
struct Thinking {
  enum class Kind : std::uint8_t { kUnset, kOff, kEffort, kBudget, kAdaptive };
  Kind kind = Kind::kUnset;
  std::string effort{};    // "minimal", "low", "medium", "high", "xhigh"
  std::int64_t budget = 0; // tokens
  bool wants_text = false; // a summary, or the thoughts themselves, shall be in the answer
  std::string where{};     // "reasoning_effort", "reasoning.effort", "thinking"
};

/// Everything that is one value. A writer goes through all settings and writes, refuses or leaves out each.
enum class Knob : std::uint8_t {
  kTemperature,      // a number
  kTopP,             // a number
  kTopK,             // a whole number
  kSeed,             // a whole number
  kFrequencyPenalty, // a number
  kPresencePenalty,  // a number
  kLogitBias,        // an object
  kLogprobs,         // a boolean
  kTopLogprobs,      // a whole number
  kStop,             // an array of strings, never empty
  kVerbosity,        // a string: "low", "medium", "high"
  kEndUser,          // a string: who the client's client is
  kMetadata,         // an object of strings, kept by the provider
  kStore,            // a boolean
  kServiceTier,      // a string, the client dialect's words
  kPromptCacheKey,   // a string; a hint
  kSafetyIdentifier  // a string
};

struct Setting {
  Knob knob{};
  std::string param{}; // the client's name: "temperature", "metadata.user_id"
  std::string json{};  // the value, raw and compact
};

struct Conversation {
  model::Endpoint client = model::Endpoint::kChatCompletions;
  bool stream = false;
  std::vector<Message> messages{}; // system prompts are messages of role kSystem, in their places
  std::vector<Tool> tools{};
  ToolChoice tool_choice{};
  OutputFormat format{};
  Thinking thinking{};
  std::vector<Setting> settings{};
  std::vector<std::string> left_out{}; // what the reader left out: hints that no other dialect has a word for

  const Setting* find(Knob knob) const {
    for (const Setting& setting : settings) {
      if (setting.knob == knob) return &setting;
    }
    return nullptr;
  }
};

} // namespace kairos::providers
