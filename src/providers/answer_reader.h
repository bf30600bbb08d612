// TapReader: reads one event or body into a tap's facts. Internal to providers: it includes simdjson. answer.cc reads
// chat completions, completions, embeddings and Anthropic's messages; answer_responses.cc reads OpenAI's responses.
#pragma once

#include <string>
#include <string_view>

#include "providers/answer.h"
#include "providers/json.h"
#include "providers/usage.h"

namespace kairos::providers {

class TapReader {
public:
  explicit TapReader(AnswerTap& tap)
      : tap_(tap), facts_(tap.facts_), shape_(usage_shape(tap.endpoint_, tap.provider_)) {}

  EventKind event(std::string_view data);
  EventKind native_event(std::string_view name, std::string_view data); // answer_native.cc: Gemini, Bedrock
  void native_body(std::string_view json);
  void body(Json root);

private:
  EventKind openai_event(std::string_view data, Json root);
  EventKind anthropic_event(std::string_view data, Json root);
  EventKind responses_event(std::string_view data, Json root);
  void openai_body(Json root);
  void anthropic_body(Json root);
  void responses_body(Json root);

  void add_output(std::string_view text);
  /// A string, or an array of parts with text in them.
  void add_text_or_parts(Json parent, std::string_view key);
  void keep(std::string& into, std::string_view text) {
    if (into.empty()) into = text;
  }
  bool take_usage(Json parent);
  bool take_choice(Json choice);
  bool take_calls(Json message);
  void take_block(Json block);
  EventKind anthropic_delta(Json root);
  EventKind responses_delta(Json root);
  EventKind responses_end(std::string_view data, Json root, bool failed);
  void take_response(Json response);
  void take_item(Json item);
  void take_answer_event(const AnswerEvent& event);

  AnswerTap& tap_;
  AnswerFacts& facts_;
  const UsageShape shape_;
};

} // namespace kairos::providers
