// W3C Trace Context (www.w3.org/TR/trace-context): the caller's traceparent read strictly, ids made where there is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/receipt.h"

namespace kairos::gateway {

/// Random hexadecimal ids. One per loop thread; not thread-safe.
class TraceIdSource {
public:
  TraceIdSource();
  explicit TraceIdSource(std::uint64_t seed) : state_(seed) {}
  std::string trace_id(); // 32 digits, never all zero
  std::string span_id();  // 16

private:
  std::uint64_t next();
  std::uint64_t state_;
};

/// The caller's trace with a new span for the receipt; a new trace when `traceparent` is absent or invalid
/// (upper case, zero ids, a wrong length, version ff). Higher versions are read by their first 55 characters.
model::TraceIds join_trace(std::string_view traceparent, TraceIdSource& ids);

/// The header for the provider: the attempt's own span, never the caller's.
std::string traceparent(const model::TraceIds& trace, std::string_view span_id);

} // namespace kairos::gateway
