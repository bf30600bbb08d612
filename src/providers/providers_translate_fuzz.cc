// Any bytes as a client's body: parsed, read and written for each dialect. What is written is JSON, whatever came in.
#include <cstdlib>
#include <string_view>

#include "providers/json.h"
#include "providers/translate.h"

namespace {

using namespace kairos;

/// A translation may stand a few levels deeper than what it was made from, and that is no fault.
bool is_json(std::string_view text) {
  const auto parsed = providers::parse_json(text);
  return parsed || parsed.error().message.contains("deeper");
}

void translate(model::Endpoint client, std::string_view body) {
  const auto request = providers::parse_client_request(client, body);
  if (!request) return;
  const auto conversation = providers::read_conversation(client, body);
  if (!conversation) {
    if (conversation.error().error.message.empty()) std::abort();
    return;
  }
  for (size_t i = 0; i < model::kDialectNames.size(); ++i) {
    providers::UpstreamTarget target;
    target.dialect = static_cast<model::Dialect>(i);
    target.model_id = "m";
    target.max_output_tokens = 4096;
    target.serves_responses = false;
    const auto written = providers::write_body(*conversation, target);
    if (written && !is_json(written->body)) std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
  case 0:
    translate(model::Endpoint::kChatCompletions, body);
    break;
  case 1:
    translate(model::Endpoint::kResponses, body);
    break;
  default:
    translate(model::Endpoint::kMessages, body);
  }
  return 0;
}
