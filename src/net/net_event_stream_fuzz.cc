// The first byte says how the rest is cut; however it is cut, the messages must be the same, and memory bounded. The
// second says whether checksums are made right first, so that what lies behind them is reached too.
#include <zlib.h>

#include <cstdlib>
#include <string>

#include "net/event_stream.h"

namespace {

std::string read_all(std::string_view bytes, size_t step) {
  kairos::net::EventStreamReader reader(1000);
  std::string seen;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    while (true) {
      const auto message = reader.next();
      if (!message) return seen + "!" + message.error().message;
      if (!*message) break;
      seen.append((*message)->message_type).append("\n1").append((*message)->name).append("\n2");
      seen.append((*message)->error_message).append("\n3").append((*message)->payload).append("\n4");
    }
  }
  return seen + (reader.inside_message() ? "cut off" : "end");
}

void put_crc(std::string& bytes, size_t at, size_t from, size_t size) {
  const auto crc = crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data() + from), size);
  for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(crc >> (24 - 8 * i));
}

/// The bytes as one message with right lengths and checksums; the second byte is the length of its headers.
std::string mended(std::string bytes) {
  const size_t total = bytes.size();
  for (size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(total >> (24 - 8 * i));
  bytes[4] = bytes[5] = 0;
  put_crc(bytes, 8, 0, 8);
  put_crc(bytes, total - 4, 0, total - 4);
  return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  if (size < 3) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (data[1] % 2 == 1 && bytes.size() >= 16) bytes = mended(std::move(bytes));
  const std::string whole = read_all(bytes, bytes.size());
  if (whole != read_all(bytes, 1) || whole != read_all(bytes, data[0] + 1u)) std::abort();
  return 0;
}
