#include "net/sse.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace kairos::net {
namespace {

struct Seen {
  std::string event, data, id;
  bool operator==(const Seen&) const = default;
};

void take_all(SseReader& reader, std::vector<Seen>& seen) {
  while (const auto event = reader.next()) {
    seen.push_back({std::string(event->event), std::string(event->data), std::string(event->id)});
  }
}

std::vector<Seen> read_in(std::string_view stream, const std::vector<size_t>& pieces, bool* too_large = nullptr,
                          size_t limit = 1 << 20) {
  SseReader reader(limit);
  std::vector<Seen> seen;
  for (size_t piece : pieces) {
    if (!reader.feed(stream.substr(0, piece))) break;
    stream.remove_prefix(std::min(piece, stream.size()));
    take_all(reader, seen);
  }
  if (too_large != nullptr) *too_large = reader.too_large();
  return seen;
}

constexpr std::string_view kStream = "\xEF\xBB\xBF: a comment\r\n"
                                     "event: message_start\r\ndata: {\"a\":1}\r\n\r\n"
                                     "data: one\ndata: two\n\n"
                                     "data:no space\rid: 7\r\r"
                                     "event: dropped without data\n\n"
                                     "data\n\n"
                                     "unknown: x\ndata:  two spaces\n\n"
                                     "data: [DONE]\n\n"
                                     "data: never ended\n";

const std::vector<Seen> kEvents = {
    {"message_start", "{\"a\":1}", ""}, {"", "one\ntwo", ""}, {"", "no space", "7"}, {"", "", "7"},
    {"", " two spaces", "7"},           {"", "[DONE]", "7"}};

TEST(Sse, ReadsWhatTheStandardSays) { EXPECT_EQ(read_in(kStream, {kStream.size()}), kEvents); }

TEST(Sse, GivesTheSameEventsWhateverTheCuts) {
  EXPECT_EQ(read_in(kStream, std::vector<size_t>(kStream.size(), 1)), kEvents);
  for (size_t cut = 0; cut <= kStream.size(); ++cut) {
    EXPECT_EQ(read_in(kStream, {cut, kStream.size() - cut}), kEvents) << "cut after " << cut;
  }
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<size_t> pieces;
    for (size_t sum = 0; sum < kStream.size(); sum += pieces.back()) pieces.push_back(random() % 9);
    EXPECT_EQ(read_in(kStream, pieces), kEvents);
  }
}

TEST(Sse, RefusesAnEventOverTheLimitWhateverTheCuts) {
  const std::string ok = "data: " + std::string(100, 'x') + "\n\n";
  const std::string long_line = "data: " + std::string(300, 'x') + "\n\n";
  std::string many_lines;
  for (int i = 0; i < 20; ++i) many_lines += "data: 1234567890\n";
  many_lines += "\n";
  for (const std::string& bad : {long_line, many_lines}) {
    const std::string stream = ok + bad + ok;
    for (size_t step : {size_t{1}, size_t{7}, stream.size()}) {
      bool too_large = false;
      const auto seen = read_in(stream, std::vector<size_t>(stream.size() / step + 1, step), &too_large, 200);
      EXPECT_TRUE(too_large);
      EXPECT_EQ(seen.size(), 1u);
    }
  }
}

TEST(Sse, AfterAnEventThatIsTooLargeFeedSaysSo) {
  SseReader reader(10);
  ASSERT_TRUE(reader.feed("data: longer than ten bytes\n\n"));
  EXPECT_FALSE(reader.next());
  const auto again = reader.feed("data: x\n\n");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::kTooLarge);
}

TEST(Sse, WriterAndReaderAgree) {
  std::string stream;
  append_sse(stream, "delta", "one\ntwo");
  append_sse(stream, "", "[DONE]");
  EXPECT_EQ(stream, "event: delta\ndata: one\ndata: two\n\ndata: [DONE]\n\n");
  const std::vector<Seen> expected = {{"delta", "one\ntwo", ""}, {"", "[DONE]", ""}};
  EXPECT_EQ(read_in(stream, {stream.size()}), expected);
}

} // namespace
} // namespace kairos::net
