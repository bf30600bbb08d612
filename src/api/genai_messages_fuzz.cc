// Kept bytes of anybody's making: no crash, and JSON within the bound.
#include <simdjson.h>

#include <cstdlib>

#include "api/genai_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  if (size < 4) return 0;
  using namespace kairos;
  const std::string_view all(reinterpret_cast<const char*>(data) + 4, size - 4);
  const size_t middle = std::min(all.find('\0'), all.size());
  content::Kept kept;
  kept.endpoint = static_cast<model::Endpoint>(data[0] % model::kEndpointNames.size());
  kept.http_status = 200;
  kept.content_type = data[1] % 3 == 0 ? "text/event-stream" : data[1] % 3 == 1 ? "application/json" : "text/plain";
  kept.request = {std::string(all.substr(0, middle)), middle};
  kept.answer = {std::string(all.substr(std::min(middle + 1, all.size()))), size};
  const size_t most = size_t{data[2]} * data[3];
  const api::GenAiMessages made = api::genai_messages(kept, "stop", most);
  simdjson::dom::parser parser;
  for (const std::string& text : {made.system_instructions, made.input_messages, made.output_messages}) {
    if (text.size() > most) std::abort();
    if (!text.empty() && parser.parse(text).error()) std::abort();
  }
  return 0;
}
