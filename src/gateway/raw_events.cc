#include "gateway/raw_events.h"

#include <fmt/format.h>

namespace kairos::gateway {

Result<void> RawEvents::feed(std::string_view bytes) {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    scanned_ -= at_;
    at_ = 0;
  }
  if (buffer_.size() > max_event_)
    return fail(Code::kTooLarge, fmt::format("an event of the stream is larger than {} bytes", max_event_));
  buffer_.append(bytes);
  return {};
}

std::optional<std::string_view> RawEvents::next() {
  while (true) {
    const size_t end = buffer_.find_first_of("\r\n", scanned_);
    if (end == std::string::npos) return std::nullopt;
    size_t next_line = end + 1;
    if (buffer_[end] == '\r') {
      if (next_line == buffer_.size()) return std::nullopt; // the LF may still come
      if (buffer_[next_line] == '\n') ++next_line;
    }
    const bool empty = end == scanned_;
    scanned_ = next_line;
    if (!empty) continue;
    const std::string_view event = std::string_view(buffer_).substr(at_, next_line - at_);
    at_ = next_line;
    return event;
  }
}

} // namespace kairos::gateway
