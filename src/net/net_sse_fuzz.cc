// The first byte says how the rest is cut; however it is cut, the events must be the same, and memory bounded.
#include <cstdlib>
#include <string>

#include "net/sse.h"

namespace {

std::string read_all(std::string_view bytes, size_t step) {
  kairos::net::SseReader reader(1000);
  std::string seen;
  while (!bytes.empty()) {
    if (!reader.feed(bytes.substr(0, step))) break;
    bytes.remove_prefix(std::min(step, bytes.size()));
    while (const auto event = reader.next()) {
      seen.append(event->event).append("\n1").append(event->data).append("\n2").append(event->id).append("\n3");
    }
  }
  return seen + (reader.too_large() ? "too large" : "");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = read_all(bytes, bytes.size());
  if (whole != read_all(bytes, 1) || whole != read_all(bytes, data[0] + 1u)) std::abort();
  return 0;
}
