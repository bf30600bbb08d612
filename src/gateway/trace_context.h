// W3C Trace Context (www.w3.org/TR/trace-context): the caller's traceparent read strictly, ids made where there is
// none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/provider.h"
#include "model/receipt.h"
#include "net/http_head.h"

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

/// The caller's traceparent; empty if there is none. Where several instrumentations each added theirs, the last one,
/// which is the nearest to the wire, if all are well formed and of one trace: of two traces, none is the caller's.
std::string_view caller_context(const net::Head& head);

/// Adds what of the trace context the provider is to get: traceparent with the attempt's span; the caller's tracestate
/// (only under a traceparent that was valid) and baggage only where the configuration says so, bounded.
void forward_trace(const config::TraceForwarding& forward, const model::TraceIds& trace, std::string_view span_id,
                   const net::Head& client, std::vector<std::pair<std::string, std::string>>& headers);

} // namespace kairos::gateway
