// AWS's event streams, application/vnd.amazon.eventstream: an incremental reader and a writer of its binary messages
// (smithy.io/2.0/aws/amazon-eventstream.html). Pure; no sockets.
//
//   total length (4) headers' length (4) CRC-32 of these eight (4) headers, payload, CRC-32 of all before it (4)
//
// Numbers are big-endian. A header: length of its name (1), name, type (1), value; texts are type 7 with a length (2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos::net {

struct EventStreamMessage {
  std::string_view message_type;  // ":message-type": "event", "exception", "error"
  std::string_view name;          // ":event-type", ":exception-type" or ":error-code"
  std::string_view error_message; // ":error-message"
  std::string_view payload;
};

/// Bytes in, messages out, the same whatever the cuts.
class EventStreamReader {
public:
  /// `max_message` bounds one message, and so the memory of the reader.
  explicit EventStreamReader(size_t max_message = 4 * 1024 * 1024) : max_message_(max_message) {}

  /// Take the messages out with next() before adding more.
  void feed(std::string_view bytes);
  /// The next complete message; its views are valid until the next call of any function. kCorrupt or kTooLarge: what
  /// came is no such message, and no more come.
  Result<std::optional<EventStreamMessage>> next();
  /// Bytes of a message that is not complete.
  bool inside_message() const { return input_.size() > at_; }

private:
  const size_t max_message_;
  std::string input_;
  size_t at_ = 0;
  std::optional<Error> broken_;
};

/// Appends one message with a JSON payload. `message_type` "event" or "exception".
void append_event_stream(std::string& out, std::string_view message_type, std::string_view name,
                         std::string_view payload);

} // namespace kairos::net
