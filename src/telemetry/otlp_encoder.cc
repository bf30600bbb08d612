#include "telemetry/otlp_encoder.h"

#include <algorithm>

namespace kairos::telemetry {

void TraceBatch::add(const Span& span) {
  if (protocol_ == config::OtlpProtocol::kProtobuf) {
    append_span_protobuf(spans_, span);
  } else {
    if (!ends_.empty()) spans_ += ',';
    append_span_json(spans_, span);
  }
  ends_.push_back(spans_.size());
}

std::string TraceBatch::body(SpanRange range) const {
  const bool json = protocol_ == config::OtlpProtocol::kJson;
  const size_t begin = range.first == 0 ? 0 : ends_[range.first - 1] + (json ? 1 : 0); // not the comma
  const std::string_view spans = std::string_view(spans_).substr(begin, ends_[range.first + range.count - 1] - begin);
  return json ? traces_json(sender_, spans) : traces_protobuf(sender_, spans);
}

void TraceBatch::clear() {
  spans_.clear();
  ends_.clear();
}

std::string encode_metrics(config::OtlpProtocol protocol, const Sender& sender,
                           std::span<const observe::MetricFamily> families, std::uint64_t start_ns,
                           std::uint64_t now_ns) {
  const bool any = std::ranges::any_of(families, [](const auto& family) { return !family.points.empty(); });
  if (!any) return {};
  return protocol == config::OtlpProtocol::kProtobuf ? metrics_protobuf(sender, families, start_ns, now_ns)
                                                     : metrics_json(sender, families, start_ns, now_ns);
}

std::string_view unit_of(std::string_view metric_name) {
  if (metric_name.ends_with("_total")) metric_name.remove_suffix(6);
  if (metric_name == "gen_ai.client.token.usage" || metric_name.ends_with("_tokens")) return "{token}";
  if (metric_name.starts_with("gen_ai.") || metric_name.ends_with("_seconds")) return "s";
  if (metric_name.ends_with("_bytes")) return "By";
  if (metric_name.ends_with("_usd")) return "USD";
  return "1";
}

} // namespace kairos::telemetry
