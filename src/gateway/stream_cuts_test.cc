// Recorded streams (tests/cases/sse/*.sse: a line "# endpoint dialect", then the bytes) through what a request's stream
// goes through: RawEvents, SseReader, AnswerTap. The same events and facts come out wherever the bytes are cut, and
// every byte that went in; and what is made of them for clients of other dialects is the same. KAIROS_UPDATE_CASES=1
// rewrites the *.expect files for review.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/raw_events.h"
#include "gateway/translation.h"
#include "net/sse.h"
#include "providers/answer.h"

namespace kairos::gateway {
namespace {

constexpr std::array<std::string_view, 5> kKinds = {"content", "other", "usage_only", "terminal", "error"};

struct Recording {
  model::Endpoint endpoint{};
  model::Dialect dialect{};
  std::string bytes;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

Recording recording(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  const size_t line_end = text.find('\n');
  std::istringstream words(text.substr(2, line_end - 2));
  std::string endpoint, dialect;
  words >> endpoint >> dialect;
  Recording result;
  EXPECT_TRUE(model::parse_name(model::kEndpointNames, endpoint, result.endpoint)) << path;
  EXPECT_TRUE(model::parse_name(model::kDialectNames, dialect, result.dialect)) << path;
  result.bytes = text.substr(line_end + 1);
  return result;
}

class Replay {
public:
  explicit Replay(const Recording& from) : tap_(from.endpoint, from.dialect) { tap_.keep_output(); }

  void feed(std::string_view piece) {
    ASSERT_TRUE(events_.feed(piece).has_value());
    while (const auto raw = events_.next()) {
      relayed_.append(*raw);
      net::SseReader reader;
      ASSERT_TRUE(reader.feed(*raw).has_value());
      const auto event = reader.next();
      const auto kind = event ? kKinds[static_cast<size_t>(tap_.on_event(event->event, event->data))] : "comment";
      told_ << kind << (event ? " " + std::string(event->event) : "") << "\n";
    }
  }

  /// What the client would have got, were nothing withheld: every byte, in order.
  std::string relayed() const { return relayed_ + std::string(events_.rest()); }

  std::string told() const {
    const providers::AnswerFacts& facts = tap_.facts();
    std::ostringstream out;
    out << told_.str() << "id " << facts.response_id << "\nmodel " << facts.response_model << "\nfinish "
        << facts.finish_reason << "\noutput " << facts.output_bytes << " " << tap_.output() << "\nterminal "
        << facts.saw_terminal << "\nmalformed " << facts.malformed << "\nopen_block " << facts.open_block << "\n";
    if (facts.error) out << "error " << providers::name(facts.error->error) << " " << facts.error->message << "\n";
    for (size_t i = 0; i < model::kMeterCount; ++i) {
      if (facts.usage.quantities[i] != 0) out << model::kMeterNames[i] << " " << facts.usage.quantities[i] << "\n";
    }
    return out.str();
  }

private:
  RawEvents events_;
  providers::AnswerTap tap_;
  std::string relayed_;
  std::ostringstream told_;
};

std::string replayed(const Recording& from, size_t first, size_t step) {
  Replay replay(from);
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t size = at == 0 ? first : step;
    replay.feed(std::string_view(from.bytes).substr(at, size));
    at += size;
  }
  EXPECT_EQ(replay.relayed(), from.bytes);
  return replay.told();
}

TEST(StreamCuts, SameEventsWhereverTheStreamIsCut) {
  size_t run = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/sse")) {
    if (entry.path().extension() != ".sse") continue;
    const Recording from = recording(entry.path());
    const size_t all = from.bytes.size();
    const std::string whole = replayed(from, all, all);
    std::filesystem::path expected = entry.path();
    expected.replace_extension(".expect");
    if (std::getenv("KAIROS_UPDATE_CASES") != nullptr) std::ofstream(expected, std::ios::binary) << whole;
    EXPECT_EQ(whole, read_file(expected)) << entry.path();
    for (size_t cut = 1; cut < all; ++cut)
      ASSERT_EQ(replayed(from, cut, all), whole) << entry.path() << " cut after " << cut;
    EXPECT_EQ(replayed(from, 1, 1), whole) << entry.path();
    ++run;
  }
  EXPECT_GE(run, 13U); // the runner found them
}

/// What a client of another dialect gets, by the pieces in which the provider's bytes come.
std::string translated(const Recording& from, model::Endpoint client, size_t first, size_t step) {
  RawEvents events;
  providers::WriterOptions options;
  options.stream = options.include_usage = options.encrypted_reasoning = true;
  providers::UpstreamTarget target;
  target.dialect = from.dialect;
  TranslatedAnswer answer(target, client, options, "answer-1");
  std::string out;
  for (size_t at = 0; at < from.bytes.size();) {
    const size_t size = at == 0 ? first : step;
    EXPECT_TRUE(events.feed(std::string_view(from.bytes).substr(at, size)).has_value());
    at += size;
    while (const auto raw = events.next()) {
      net::SseReader reader;
      EXPECT_TRUE(reader.feed(*raw).has_value());
      if (const auto event = reader.next()) answer.on_event(event->event, event->data, out);
    }
  }
  std::string last;
  answer.finish(model::Usage{}, out, last);
  return out + last;
}

TEST(StreamCuts, TranslatedTheSameWhereverTheStreamIsCut) {
  size_t run = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/sse")) {
    if (entry.path().extension() != ".sse") continue;
    const Recording from = recording(entry.path());
    const bool chat = from.endpoint == model::Endpoint::kChatCompletions || from.endpoint == model::Endpoint::kMessages;
    if (!chat || providers::make_answer_reader(from.dialect) == nullptr) continue;
    const size_t all = from.bytes.size();
    for (const model::Endpoint client :
         {model::Endpoint::kChatCompletions, model::Endpoint::kResponses, model::Endpoint::kMessages}) {
      const std::string whole = translated(from, client, all, all);
      EXPECT_FALSE(whole.empty()) << entry.path();
      for (size_t cut = 1; cut < all && providers::client_dialect(client) != from.dialect; ++cut)
        ASSERT_EQ(translated(from, client, cut, all), whole) << entry.path() << " cut after " << cut;
      EXPECT_EQ(translated(from, client, 1, 1), whole) << entry.path();
    }
    ++run;
  }
  EXPECT_GE(run, 9U);
}

} // namespace
} // namespace kairos::gateway
