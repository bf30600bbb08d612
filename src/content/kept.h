// Kept: the prompt and the answer of one receipt, and their bytes before they are compressed and sealed. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/ulid.h"
#include "model/enums.h"

namespace kairos::content {

/// One side of the exchange. `size` is what it really had: more than bytes.size() where a bound cut it off.
struct Body {
  std::string bytes;
  std::uint64_t size = 0;
  bool truncated() const { return size > bytes.size(); }
  /// Keeps at most `most` bytes in all.
  void append(std::string_view more, size_t most);
};

struct Kept {
  Ulid receipt;
  std::string tenant;
  Body request;                // as the client sent it, or with what is private taken out
  std::string request_headers; // of those that matter for asking again: "name: value\n" each
  model::Endpoint endpoint = model::Endpoint::kChatCompletions;
  int http_status = 0;      // what the client got; 0: nothing
  std::string content_type; // of the answer
  Body answer;              // as the client got it, events of a stream one after the other
  Body rewritten;           // the request as rewriting rules made it for the attempt that ended it; empty: they did not
  bool redacted = false;

  size_t bytes() const {
    return request.bytes.size() + request_headers.size() + answer.bytes.size() + rewritten.bytes.size();
  }
};

/// More than this is never one record.
inline constexpr size_t kMaxRaw = size_t{80} << 20;

/// The record's bytes, `receipt` and `tenant` not among them.
std::string encode(const Kept& kept);
/// kCorrupt for anything that encode() does not make.
Result<Kept> decode(std::string_view bytes);

} // namespace kairos::content
