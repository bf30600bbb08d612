// Cuts a server-sent event stream into whole events without changing a byte, so that they can be relayed as they came.
// Pure; bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos::gateway {

class RawEvents {
public:
  explicit RawEvents(size_t max_event = 4 * 1024 * 1024) : max_event_(max_event) {}

  /// kTooLarge when one event grows past the limit.
  Result<void> feed(std::string_view bytes);
  /// The next whole event, its closing empty line included; valid until the next call.
  std::optional<std::string_view> next();
  /// What follows the last whole event.
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }

private:
  const size_t max_event_;
  std::string buffer_;
  size_t at_ = 0;      // start of the event being collected
  size_t scanned_ = 0; // start of its last line
};

} // namespace kairos::gateway
