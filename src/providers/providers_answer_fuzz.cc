// Any bytes as what a provider answers, whole or as events of one line each, through the tap and every reader and
// writer. What a client gets is whole JSON, whatever came in.
#include <cstdlib>
#include <string>
#include <string_view>

#include "providers/answer.h"
#include "providers/answer_events.h"
#include "providers/json.h"

namespace {

using namespace kairos;

constexpr std::array<model::Endpoint, 3> kClients = {model::Endpoint::kChatCompletions, model::Endpoint::kResponses,
                                                     model::Endpoint::kMessages};

/// An answer may stand a few levels deeper than what it was made from, and that is no fault.
bool is_json(std::string_view text) {
  const auto parsed = providers::parse_json(text);
  return parsed || parsed.error().message.contains("deeper");
}

void check_events(std::string_view out) {
  while (!out.empty()) {
    const std::string_view line = out.substr(0, out.find('\n'));
    if (line.starts_with("data: ") && line != "data: [DONE]" && !is_json(line.substr(6))) std::abort();
    out.remove_prefix(std::min(line.size() + 1, out.size()));
  }
}

void answer(model::Dialect provider, model::Endpoint client, bool stream, std::string_view bytes) {
  const auto reader = providers::make_answer_reader(provider);
  if (!reader) return;
  providers::WriterOptions options;
  options.stream = stream;
  options.include_usage = true;
  options.encrypted_reasoning = true;
  const auto writer = providers::make_answer_writer(client, options);
  providers::AnswerTap tap(client, provider);
  tap.keep_output();
  std::vector<providers::AnswerEvent> events;
  std::string out, last;
  if (stream) {
    while (!bytes.empty()) {
      const std::string_view line = bytes.substr(0, bytes.find('\n'));
      bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
      const size_t colon = provider == model::Dialect::kBedrock ? line.find(' ') : std::string_view::npos;
      const bool named = colon != std::string_view::npos; // a line is "NAME DATA" there
      const std::string_view name = named ? line.substr(0, colon) : std::string_view{};
      const std::string_view event = named ? line.substr(colon + 1) : line;
      tap.on_event(name, event);
      reader->on_event(name, event, events);
      for (const auto& event : events) writer->on(event, out);
      events.clear();
    }
  } else {
    tap.on_body(bytes);
    reader->on_body(bytes, events);
    for (const auto& event : events) writer->on(event, out);
  }
  writer->finish(out, last);
  if (!stream && !is_json(last)) std::abort();
  if (stream) check_events(out + last);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto provider = static_cast<model::Dialect>(data[0] % model::kDialectNames.size());
  for (const model::Endpoint client : kClients) answer(provider, client, (data[0] & 0x80U) != 0, bytes);
  return 0;
}
