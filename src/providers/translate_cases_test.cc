// Golden cases of translation, both ways: tests/cases/translate. A case begins with comments and one of
//   request CLIENT PROVIDER [max=TOKENS] [model=NAME]   a client's body → the provider's body, or the refusal
//   whole PROVIDER CLIENT                  a provider's whole answer → the client's
//   stream PROVIDER CLIENT [usage]         the same for a stream
// where CLIENT is an endpoint and PROVIDER a dialect; then the bytes. KAIROS_UPDATE_CASES=1 rewrites what is expected.
#include <gtest/gtest.h>

#include <sstream>

#include "base/testing/text_cases.h"
#include "providers/answer.h"
#include "providers/answer_events.h"
#include "providers/translate.h"

namespace kairos::providers {
namespace {

struct Case {
  std::string what;
  model::Endpoint client{};
  model::Dialect provider{};
  std::int64_t max = 1000;
  std::string model = "the-model";
  bool usage = false;
  std::string bytes;
};

Case read_case(const std::string& text) {
  Case result;
  std::istringstream in(text);
  std::string line;
  while (std::getline(in, line) && line.starts_with("#")) continue;
  std::istringstream words(line);
  std::string first, second, word;
  words >> result.what >> first >> second;
  if (result.what != "request") std::swap(first, second);
  EXPECT_TRUE(model::parse_name(model::kEndpointNames, first, result.client)) << line;
  EXPECT_TRUE(model::parse_name(model::kDialectNames, second, result.provider)) << line;
  while (words >> word) {
    if (word == "usage") result.usage = true;
    if (word.starts_with("model=")) result.model = word.substr(6);
    if (word.starts_with("max=")) result.max = std::stoll(word.substr(4));
  }
  result.bytes.assign(std::istreambuf_iterator<char>(in), {});
  return result;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

std::string translate_request(const Case& from) {
  const auto parsed = parse_client_request(from.client, from.bytes);
  if (!parsed) return "not accepted: " + parsed.error().error.message + "\n";
  UpstreamTarget target;
  target.dialect = from.provider;
  target.model_id = from.model;
  target.max_output_tokens = from.max;
  target.wants_max_completion_tokens = true;
  target.serves_responses = false;
  EXPECT_FALSE(speaks_natively(from.client, target));
  const auto conversation = read_conversation(from.client, from.bytes);
  const auto written = conversation ? write_body(*conversation, target) : std::unexpected(conversation.error());
  if (!written) return "refused " + written.error().param + "\n" + written.error().error.message + "\n";
  const std::string left_out = written->left_out.empty() ? "" : "left out: " + joined(written->left_out) + "\n";
  return written->body + "\n" + left_out;
}

WriterOptions options_of(const Case& from, bool stream) {
  WriterOptions options;
  options.stream = stream;
  options.include_usage = from.usage;
  options.encrypted_reasoning = true;
  options.created = 1'767'225'600;
  return options;
}

void write_all(AnswerWriter& writer, std::vector<AnswerEvent>& events, std::string& out) {
  for (const AnswerEvent& event : events) {
    if (event.kind == AnswerEvent::Kind::kError)
      out += "(error " + std::string(name(event.error.error)) + ": " + event.error.message + ")\n";
    writer.on(event, out);
  }
  events.clear();
}

std::string translate_whole(const Case& from) {
  const auto reader = make_answer_reader(from.provider);
  const auto writer = make_answer_writer(from.client, options_of(from, false));
  std::vector<AnswerEvent> events;
  std::string out, last;
  reader->on_body(from.bytes, events);
  write_all(*writer, events, out);
  writer->finish(out, last);
  return out + last + "\n";
}

/// Events of a stream as a gateway frames them, without its care for cuts: they end in an empty line.
std::string translate_stream(const Case& from) {
  const auto reader = make_answer_reader(from.provider);
  const auto writer = make_answer_writer(from.client, options_of(from, true));
  AnswerTap tap(model::Endpoint::kChatCompletions, from.provider);
  std::vector<AnswerEvent> events;
  std::string out, last;
  std::istringstream in(from.bytes);
  std::string line, name;
  while (std::getline(in, line)) {
    if (line.starts_with("event: ")) name = line.substr(7);
    if (!line.starts_with("data: ")) continue;
    const std::string data = line.substr(6);
    reader->on_event(name, data, events);
    write_all(*writer, events, out);
    if (tap.on_event(name, data) == EventKind::kTerminal) writer->finish(out, last);
    name.clear();
  }
  if (last.empty() && tap.facts().saw_terminal) writer->finish(out, last); // a dialect without a last event
  return out + "-- last --\n" + last;
}

TEST(TranslateCases, GoldenBothWays) {
  const auto folder = std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/translate";
  const size_t run = testing::run_cases(folder, [](const std::string& input) {
    const Case from = read_case(input);
    if (from.what == "request") return translate_request(from);
    return from.what == "whole" ? translate_whole(from) : translate_stream(from);
  });
  EXPECT_GE(run, 60U); // the runner found them
}

} // namespace
} // namespace kairos::providers
