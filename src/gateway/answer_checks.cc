#include "gateway/answer_checks.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <string>

namespace kairos::gateway {
namespace {

// finish_reason and stop_reason in the dialects' words.
constexpr std::array<std::string_view, 6> kLengthReasons = {
    "length", "max_tokens", "max_output_tokens", "MAX_TOKENS", "model_context_window_exceeded", "incomplete"};
constexpr std::array<std::string_view, 6> kRefusal = {
    "content_filter", "refusal", "SAFETY", "guardrail_intervened", "PROHIBITED_CONTENT", "content_filtered"};

bool among(const auto& words, std::string_view word) { return std::ranges::find(words, word) != words.end(); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// `phrase` is in lower case.
bool holds(std::string_view text, std::string_view phrase) {
  return !std::ranges::search(text, phrase, {}, lower).empty();
}

using Json = simdjson::dom::element;

bool is_json(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  Json element;
  return parser.parse(text.data(), text.size()).get(element) == simdjson::SUCCESS;
}

/// What a person would read of an answer: no reasoning.
struct Reading {
  bool understood = false;
  bool calls = false;   // a tool, a function
  bool refused = false; // in a field of its own
  std::string text;
};

std::string_view text_of(Json parent, std::string_view key) {
  std::string_view text;
  return parent[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

bool has(Json parent, std::string_view key) { return parent[key].error() == simdjson::SUCCESS; }

/// A text, or a list of parts that have one.
void read_parts(Json parent, std::string_view key, Reading& into) {
  into.text.append(text_of(parent, key));
  simdjson::dom::array parts;
  if (parent[key].get(parts) != simdjson::SUCCESS) return;
  for (const Json part : parts) {
    const std::string_view type = text_of(part, "type");
    into.calls = into.calls || type == "tool_use" || has(part, "functionCall") || has(part, "toolUse");
    into.refused = into.refused || type == "refusal";
    bool thought = false;
    if (part["thought"].get(thought) != simdjson::SUCCESS || !thought) into.text.append(text_of(part, "text"));
  }
}

void read_choice(Json choice, Reading& into) {
  into.text.append(text_of(choice, "text"));
  Json message;
  if (choice["message"].get(message) != simdjson::SUCCESS) return;
  read_parts(message, "content", into);
  into.refused = into.refused || !text_of(message, "refusal").empty();
  simdjson::dom::array calls;
  const bool tools = message["tool_calls"].get(calls) == simdjson::SUCCESS && calls.size() > 0;
  into.calls = into.calls || tools || !text_of(message, "function_call").empty();
}

void read_item(Json item, Reading& into) {
  read_parts(item, "content", into);
  into.calls = into.calls || text_of(item, "type").ends_with("_call");
}

/// By what it is made of: chat completions and completions, responses, Gemini, Bedrock, Anthropic.
Reading read(std::string_view body) {
  thread_local simdjson::dom::parser parser;
  Reading reading;
  Json root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) return reading;
  simdjson::dom::array list;
  Json message;
  reading.understood = true;
  if (root["choices"].get(list) == simdjson::SUCCESS) {
    for (const Json choice : list) read_choice(choice, reading);
  } else if (root["output"].get(list) == simdjson::SUCCESS) {
    for (const Json item : list) read_item(item, reading);
  } else if (root["candidates"].get(list) == simdjson::SUCCESS) {
    for (const Json candidate : list) {
      if (candidate["content"].get(message) == simdjson::SUCCESS) read_parts(message, "parts", reading);
    }
  } else if (root["output"]["message"].get(message) == simdjson::SUCCESS) {
    read_parts(message, "content", reading);
  } else if (root["content"].get(list) == simdjson::SUCCESS) {
    read_parts(root, "content", reading);
  } else {
    reading.understood = false;
  }
  return reading;
}

} // namespace

std::string_view unsatisfying(const config::Cascade& cascade, std::string_view finish_reason, std::string_view body,
                              bool wants_json) {
  if (cascade.on_length && among(kLengthReasons, finish_reason)) return "length";
  if (cascade.on_refusal && among(kRefusal, finish_reason)) return "refusal";
  const Reading reading = read(body);
  if (!reading.understood) return "";
  if (cascade.on_refusal && reading.refused) return "refusal";
  const bool blank = reading.text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (cascade.on_empty && blank && !reading.calls) return "empty";
  if (cascade.on_bad_json && wants_json && !reading.calls && !is_json(reading.text)) return "bad_json";
  const bool found =
      std::ranges::any_of(cascade.phrases, [&](const std::string& phrase) { return holds(reading.text, phrase); });
  return found ? "phrase" : "";
}

} // namespace kairos::gateway
