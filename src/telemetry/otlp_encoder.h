// OTLP requests as bytes (opentelemetry-proto 1.x): ExportTraceServiceRequest and ExportMetricsServiceRequest, in
// protobuf or in OTLP's JSON (hexadecimal ids, integer enums, 64-bit integers as decimal strings). Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/otlp.h"
#include "observe/metrics.h"
#include "telemetry/span.h"

namespace kairos::telemetry {

/// Who sends. `schema_url` names the version of the conventions.
struct Sender {
  std::vector<std::pair<std::string, std::string>> resource;
  std::string version; // of KairosRoute, for the scope
  std::string schema_url;
};

/// Consecutive spans of a batch.
struct SpanRange {
  size_t first = 0;
  size_t count = 0;
};

/// One request's worth of spans, encoded as they come. One thread.
class TraceBatch {
public:
  TraceBatch(config::OtlpProtocol protocol, Sender sender) : protocol_(protocol), sender_(std::move(sender)) {}
  void add(const Span& span);
  size_t spans() const { return ends_.size(); }
  size_t bytes() const { return spans_.size(); } // of the spans; the rest is a few hundred
  /// The whole body, or that of some spans. Never call it for no spans.
  std::string body() const { return body({0, spans()}); }
  std::string body(SpanRange range) const;
  void clear();

private:
  const config::OtlpProtocol protocol_;
  const Sender sender_;
  std::string spans_;
  std::vector<size_t> ends_; // where in spans_ each span ends
};

/// All series are cumulative since `start_ns`. Empty if there is no series at all.
std::string encode_metrics(config::OtlpProtocol protocol, const Sender& sender,
                           std::span<const observe::MetricFamily> families, std::uint64_t start_ns,
                           std::uint64_t now_ns);

/// "s", "By", "USD", … by the last words of the name: kairosroute_cost_usd_total → USD.
std::string_view unit_of(std::string_view metric_name);

inline constexpr std::string_view kScope = "kairosroute";

// The two languages; used by the above.
void append_span_protobuf(std::string& out, const Span& span);
void append_span_json(std::string& out, const Span& span);
std::string traces_protobuf(const Sender& sender, std::string_view spans);
std::string traces_json(const Sender& sender, std::string_view spans);
std::string metrics_protobuf(const Sender& sender, std::span<const observe::MetricFamily> families,
                             std::uint64_t start_ns, std::uint64_t now_ns);
std::string metrics_json(const Sender& sender, std::span<const observe::MetricFamily> families, std::uint64_t start_ns,
                         std::uint64_t now_ns);

} // namespace kairos::telemetry
