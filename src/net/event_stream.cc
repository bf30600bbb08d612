#include "net/event_stream.h"

#include <zlib.h>

#include <array>

namespace kairos::net {
namespace {

constexpr size_t kPrelude = 12;
constexpr size_t kLeast = kPrelude + 4;
constexpr std::uint8_t kText = 7;

std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::uint32_t number_at(std::string_view bytes, size_t at, size_t width = 4) {
  std::uint32_t number = 0;
  for (size_t i = 0; i < width; ++i) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

void append_number(std::string& out, std::uint64_t number, size_t width = 4) {
  for (size_t i = width; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 0xff);
}

/// How long a value of this type is, its own length field included; nullopt: an unknown type, or cut off.
std::optional<size_t> value_size(std::uint8_t type, std::string_view rest) {
  constexpr std::array<size_t, 10> kSizes = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16}; // 6 and 7 say it themselves
  if (type >= kSizes.size()) return std::nullopt;
  if (type != 6 && type != kText) return kSizes[type];
  if (rest.size() < 2) return std::nullopt;
  return 2 + number_at(rest, 0, 2);
}

void take_header(EventStreamMessage& into, std::string_view name, std::string_view value) {
  if (name == ":message-type") into.message_type = value;
  if (name == ":event-type" || name == ":exception-type" || name == ":error-code") into.name = value;
  if (name == ":error-message") into.error_message = value;
}

/// False: not headers.
bool read_headers(std::string_view bytes, EventStreamMessage& into) {
  while (!bytes.empty()) {
    const size_t name_size = static_cast<unsigned char>(bytes[0]);
    if (bytes.size() < 1 + name_size + 1) return false;
    const std::string_view name = bytes.substr(1, name_size);
    const auto type = static_cast<std::uint8_t>(bytes[1 + name_size]);
    bytes.remove_prefix(1 + name_size + 1);
    const auto size = value_size(type, bytes);
    if (!size || bytes.size() < *size) return false;
    if (type == kText) take_header(into, name, bytes.substr(2, *size - 2));
    bytes.remove_prefix(*size);
  }
  return true;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_number(out, name.size(), 1);
  out.append(name);
  append_number(out, kText, 1);
  append_number(out, value.size(), 2);
  out.append(value);
}

} // namespace

void EventStreamReader::feed(std::string_view bytes) {
  input_.erase(0, std::exchange(at_, 0));
  if (!broken_) input_.append(bytes);
}

Result<std::optional<EventStreamMessage>> EventStreamReader::next() {
  const auto broken = [this](Code code, std::string what) -> std::unexpected<Error> {
    input_.clear();
    at_ = 0;
    broken_ = Error{code, std::move(what)};
    return std::unexpected(*broken_);
  };
  if (broken_) return std::unexpected(*broken_);
  const std::string_view rest = std::string_view(input_).substr(at_);
  if (rest.size() < kPrelude) return std::nullopt;
  const size_t total = number_at(rest, 0);
  const size_t headers = number_at(rest, 4);
  if (crc_of(rest.substr(0, 8)) != number_at(rest, 8))
    return broken(Code::kCorrupt, "an event stream's message has a wrong checksum of its lengths");
  if (total > max_message_) return broken(Code::kTooLarge, "a message of an event stream is larger than it may be");
  if (total < kLeast || headers > total - kLeast)
    return broken(Code::kCorrupt, "an event stream's message has impossible lengths");
  if (rest.size() < total) return std::nullopt;
  if (crc_of(rest.substr(0, total - 4)) != number_at(rest, total - 4))
    return broken(Code::kCorrupt, "an event stream's message has a wrong checksum");
  EventStreamMessage message;
  if (!read_headers(rest.substr(kPrelude, headers), message))
    return broken(Code::kCorrupt, "an event stream's message has headers that cannot be read");
  message.payload = rest.substr(kPrelude + headers, total - kLeast - headers);
  at_ += total;
  return message;
}

void append_event_stream(std::string& out, std::string_view message_type, std::string_view name,
                         std::string_view payload) {
  std::string headers;
  append_header(headers, message_type == "exception" ? ":exception-type" : ":event-type", name);
  append_header(headers, ":content-type", "application/json");
  append_header(headers, ":message-type", message_type);
  std::string message;
  append_number(message, kLeast + headers.size() + payload.size());
  append_number(message, headers.size());
  append_number(message, crc_of(message));
  message.append(headers).append(payload);
  append_number(message, crc_of(message));
  out.append(message);
}

} // namespace kairos::net
