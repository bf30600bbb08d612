#include "providers/answer_events.h"

#include <array>

#include "providers/answer_translation.h"
#include "providers/reasoning_item.h"

namespace kairos::providers {

std::unique_ptr<AnswerReader> make_answer_reader(model::Dialect provider) {
  switch (provider) {
  case model::Dialect::kOpenAi:
    return make_chat_reader();
  case model::Dialect::kAnthropic:
    return make_messages_reader();
  case model::Dialect::kGemini:
    return make_gemini_reader();
  case model::Dialect::kBedrock:
    return make_bedrock_reader();
  }
  return nullptr;
}

namespace {

/// platform.openai.com/docs/api-reference/responses/object, with what stands there if the request does not say it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kEchoed = {
    {{"instructions", "null"},
     {"max_output_tokens", "null"},
     {"metadata", "{}"},
     {"parallel_tool_calls", "true"},
     {"reasoning", R"({"effort":null,"summary":null})"},
     {"service_tier", R"("default")"},
     {"temperature", "null"},
     {"text", R"({"format":{"type":"text"}})"},
     {"tool_choice", R"("auto")"},
     {"tools", "[]"},
     {"top_p", "null"},
     {"truncation", R"("disabled")"},
     {"user", "null"}}};

} // namespace

WriterOptions writer_options(model::Endpoint client, std::string_view body) {
  WriterOptions options;
  const auto root = parse_json(body);
  if (!root) return options;
  const auto flag = [](std::optional<Json> value) {
    return value && value->is_bool() && value->get_bool().value_unsafe();
  };
  options.stream = flag(member(*root, "stream"));
  if (const auto more = member(*root, "stream_options")) options.include_usage = flag(member(*more, "include_usage"));
  if (client != model::Endpoint::kResponses) return options;
  for (const auto& [name, usual] : kEchoed) {
    const auto given = member(*root, name);
    options.echo.emplace_back(name, given ? to_text(*given) : std::string(usual));
  }
  const auto include = array_member(*root, "include");
  if (!include) return options;
  for (const Json item : *include) {
    if (item.is_string() && item.get_string().value_unsafe() == kEncryptedReasoning) options.encrypted_reasoning = true;
  }
  return options;
}

std::unique_ptr<AnswerWriter> make_answer_writer(model::Endpoint client, const WriterOptions& options) {
  switch (client) {
  case model::Endpoint::kMessages:
    return make_messages_writer(options);
  case model::Endpoint::kResponses:
    return make_responses_writer(options);
  case model::Endpoint::kChatCompletions:
  case model::Endpoint::kEmbeddings:
  case model::Endpoint::kCompletions:
    break;
  }
  return make_chat_writer(options);
}

} // namespace kairos::providers
