#include "net/event_stream.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace kairos::net {
namespace {

std::string bytes_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  return {bytes->begin(), bytes->end()};
}

/// Every message as "type/name:payload", then how it ended.
std::string read_all(std::string_view bytes, size_t step, size_t most = 4096) {
  EventStreamReader reader(most);
  std::string seen;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    while (true) {
      const auto message = reader.next();
      if (!message) return seen + "! " + message.error().message;
      if (!*message) break;
      seen.append((*message)->message_type).append("/").append((*message)->name).append(":");
      seen.append((*message)->payload).append("\n");
    }
  }
  return seen + (reader.inside_message() ? "cut off" : "end");
}

std::string two_messages() {
  std::string bytes;
  append_event_stream(bytes, "event", "messageStart", R"({"role":"assistant"})");
  append_event_stream(bytes, "exception", "throttlingException", R"({"message":"slow down"})");
  return bytes;
}

// Published: "empty_message", "payload_no_headers", "payload_one_str_header", "int32_header" and "corrupted_payload" of
// AWS's vectors for the encoding.
TEST(EventStream, ReadsPublishedMessages) {
  EXPECT_EQ(read_all(bytes_of("000000100000000005c248eb7d98c8ff"), 99), "/:\nend");
  EXPECT_EQ(read_all(bytes_of("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936"), 1),
            "/:{'foo':'bar'}\nend");
  EXPECT_EQ(read_all(bytes_of("0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e"
                              "7b27666f6f273a27626172277d8d9c08b1"),
                     3),
            "/:{'foo':'bar'}\nend");
  EXPECT_EQ(read_all(bytes_of("0000002d0000001041c424b80a6576656e742d74797065040000a00c7b27666f6f273a27626172277d36f480"
                              "a0"),
                     5),
            "/:{'foo':'bar'}\nend");
  EXPECT_EQ(read_all(bytes_of("0000001d00000000fd528c5a5b27666f6f273a27626172277dc3653936"), 99),
            "! an event stream's message has a wrong checksum");
}

TEST(EventStream, ReadsWhatItWroteHoweverItIsCut) {
  const std::string bytes = two_messages();
  const std::string whole = "event/messageStart:{\"role\":\"assistant\"}\n"
                            "exception/throttlingException:{\"message\":\"slow down\"}\nend";
  for (size_t step = 1; step <= bytes.size(); ++step) EXPECT_EQ(read_all(bytes, step), whole) << step;
}

TEST(EventStream, NoticesEveryBitThatFlips) {
  const std::string good = two_messages();
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_NE(read_all(bad, bad.size()).find('!'), std::string::npos) << at;
  }
}

TEST(EventStream, SaysThatItWasCutOff) {
  const std::string bytes = two_messages();
  EXPECT_EQ(read_all(bytes.substr(0, bytes.size() - 1), 7), "event/messageStart:{\"role\":\"assistant\"}\ncut off");
}

TEST(EventStream, HasABound) {
  std::string bytes;
  append_event_stream(bytes, "event", "big", std::string(5000, 'x'));
  EXPECT_EQ(read_all(bytes, 100), "! a message of an event stream is larger than it may be");
}

TEST(EventStream, RefusesImpossibleLengths) {
  // Total 16, headers 1: the checksum of the lengths is right.
  std::string bytes = bytes_of("0000001000000001");
  bytes += bytes_of("72c5787d"); // CRC-32 of the eight bytes
  bytes += std::string(4, '\0');
  EXPECT_EQ(read_all(bytes, 99), "! an event stream's message has impossible lengths");
}

} // namespace
} // namespace kairos::net
