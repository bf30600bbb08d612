// Server-sent events (html.spec.whatwg.org, section 9.2): an incremental reader and a writer. Pure; no sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos::net {

struct SseEvent {
  std::string_view event; // empty: "message"
  std::string_view data;
};

/// Bytes in, events out, the same whatever the cuts. Comments and fields other than event and data are skipped.
class SseReader {
public:
  /// `max_event` bounds one event, and so the memory of the reader.
  explicit SseReader(size_t max_event = 4 * 1024 * 1024) : max_event_(max_event) {}

  /// Adds bytes. kTooLarge when an event grows past the limit; the reader is then spent.
  Result<void> feed(std::string_view bytes);
  /// The next complete event; its views are valid until the next call of any function.
  std::optional<SseEvent> next();

private:
  std::optional<std::string_view> next_line();
  void take_field(std::string_view line);

  const size_t max_event_;
  std::string input_;
  size_t at_ = 0;
  bool first_line_ = true;
  bool skip_line_feed_ = false;
  bool has_data_ = false;
  bool handed_out_ = false;
  std::string event_;
  std::string data_;
};

/// Appends one event; `data` may have several lines.
void append_sse(std::string& out, std::string_view event, std::string_view data);

} // namespace kairos::net
