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
  std::string_view id; // the last one seen on the stream
};

/// Bytes in, events out, the same whatever the cuts. Comments and fields other than event, data and id are skipped.
class SseReader {
public:
  /// `max_event` bounds one line and the data of one event, and so the memory of the reader.
  explicit SseReader(size_t max_event = 4 * 1024 * 1024) : max_event_(max_event) {}

  /// Adds bytes; take the events out with next() before adding more. kTooLarge when too_large().
  Result<void> feed(std::string_view bytes);
  /// The next complete event; its views are valid until the next call of any function.
  std::optional<SseEvent> next();
  /// An event was larger than it may be: no more events come.
  bool too_large() const { return too_large_; }

private:
  std::optional<std::string_view> next_line();
  void take_field(std::string_view line);

  const size_t max_event_;
  std::string input_;
  size_t at_ = 0;
  size_t scanned_ = 0; // no line ends between at_ and here
  bool first_line_ = true;
  bool skip_line_feed_ = false;
  bool has_data_ = false;
  bool handed_out_ = false;
  bool too_large_ = false;
  std::string event_;
  std::string data_;
  std::string id_;
};

/// Appends one event; `data` may have several lines.
void append_sse(std::string& out, std::string_view event, std::string_view data);

} // namespace kairos::net
