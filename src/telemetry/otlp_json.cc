#include <fmt/format.h>

#include <cmath>

#include "model/json_writer.h"
#include "telemetry/otlp_encoder.h"

namespace kairos::telemetry {
namespace {

using model::JsonWriter;

/// 64-bit integers are strings, so that readers with doubles only do not round them.
void wide(JsonWriter& json, std::string_view key, std::uint64_t number) {
  json.key(key).string(std::to_string(number));
}

/// The shortest text that reads back as the same number; what JSON has no number for is a string.
void real(JsonWriter& json, double number) {
  if (std::isfinite(number)) {
    json.raw(fmt::format("{}", number));
  } else {
    json.string(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
  }
}

struct WriteValue {
  JsonWriter& json;
  void operator()(std::string_view text) const { json.key("stringValue").string(text); }
  void operator()(bool flag) const { json.key("boolValue").boolean(flag); }
  void operator()(std::int64_t number) const { json.key("intValue").string(std::to_string(number)); }
  void operator()(double number) const {
    json.key("doubleValue");
    real(json, number);
  }
  void operator()(TextList list) const {
    json.key("arrayValue").begin_object().key("values").begin_array();
    for (const std::string& text : list) json.begin_object().key("stringValue").string(text).end_object();
    json.end_array().end_object();
  }
};

void attribute(JsonWriter& json, std::string_view key, const Value& value) {
  json.begin_object().key("key").string(key).key("value").begin_object();
  std::visit(WriteValue{json}, value);
  json.end_object().end_object();
}

void attributes(JsonWriter& json, std::span<const Attribute> all) {
  json.key("attributes").begin_array();
  for (const Attribute& one : all) attribute(json, one.key, one.value);
  json.end_array();
}

void labels(JsonWriter& json, std::span<const std::pair<std::string, std::string>> all) {
  json.key("attributes").begin_array();
  for (const auto& [key, value] : all) attribute(json, key, Value(std::string_view(value)));
  json.end_array();
}

void count_if_any(JsonWriter& json, std::string_view key, std::uint32_t count) {
  if (count > 0) json.key(key).integer(count);
}

void events(JsonWriter& json, const Span& span) {
  if (span.events().empty()) return;
  json.key("events").begin_array();
  for (const SpanEvent& event : span.events()) {
    json.begin_object();
    wide(json, "timeUnixNano", event.time_ns);
    json.key("name").string(event.name);
    attributes(json, std::span(event.attributes).first(event.count));
    count_if_any(json, "droppedAttributesCount", event.dropped);
    json.end_object();
  }
  json.end_array();
}

void links(JsonWriter& json, const Span& span) {
  if (span.links().empty()) return;
  json.key("links").begin_array();
  for (const SpanLink& link : span.links()) {
    json.begin_object().key("traceId").string(link.trace_id).key("spanId").string(link.span_id).end_object();
  }
  json.end_array();
}

/// Opens the request down to the scope's list `items`.
void begin(JsonWriter& json, const Sender& sender, std::string_view resources, std::string_view scopes,
           std::string_view items) {
  json.begin_object().key(resources).begin_array().begin_object();
  json.key("resource").begin_object();
  labels(json, sender.resource);
  json.end_object().key("schemaUrl").string(sender.schema_url);
  json.key(scopes).begin_array().begin_object();
  json.key("scope").begin_object().key("name").string(kScope).key("version").string(sender.version).end_object();
  json.key("schemaUrl").string(sender.schema_url).key(items).begin_array();
}

void end(JsonWriter& json) { json.end_array().end_object().end_array().end_object().end_array().end_object(); }

void point_head(JsonWriter& json, const observe::MetricPoint& point, std::uint64_t start_ns, std::uint64_t now_ns) {
  json.begin_object();
  labels(json, point.labels);
  wide(json, "startTimeUnixNano", start_ns);
  wide(json, "timeUnixNano", now_ns);
}

void histogram(JsonWriter& json, const observe::MetricFamily& family, const observe::MetricPoint& point) {
  std::uint64_t count = 0;
  for (const std::uint64_t in_bucket : point.buckets) count += in_bucket;
  wide(json, "count", count);
  json.key("sum");
  real(json, point.sum);
  json.key("bucketCounts").begin_array();
  for (const std::uint64_t in_bucket : point.buckets) json.string(std::to_string(in_bucket));
  json.end_array().key("explicitBounds").begin_array();
  for (const double bound : family.bounds) real(json, bound);
  json.end_array();
}

void metric(JsonWriter& json, const observe::MetricFamily& family, std::uint64_t start_ns, std::uint64_t now_ns) {
  using Kind = observe::MetricFamily::Kind;
  json.begin_object().key("name").string(family.name).key("description").string(family.help);
  json.key("unit").string(unit_of(family.name));
  json.key(family.kind == Kind::kGauge ? "gauge" : family.kind == Kind::kCounter ? "sum" : "histogram").begin_object();
  json.key("dataPoints").begin_array();
  for (const observe::MetricPoint& point : family.points) {
    point_head(json, point, start_ns, now_ns);
    if (family.kind == Kind::kHistogram) {
      histogram(json, family, point);
    } else {
      json.key("asDouble");
      real(json, point.value);
    }
    json.end_object();
  }
  json.end_array();
  if (family.kind != Kind::kGauge) json.key("aggregationTemporality").integer(2);
  if (family.kind == Kind::kCounter) json.key("isMonotonic").boolean(true);
  json.end_object().end_object();
}

} // namespace

void append_span_json(std::string& out, const Span& span) {
  JsonWriter json(out);
  json.begin_object().key("traceId").string(span.trace_id).key("spanId").string(span.span_id);
  if (!span.parent_span_id.empty()) json.key("parentSpanId").string(span.parent_span_id);
  json.key("flags").integer(span.flags).key("name").string(span.name).key("kind").integer(static_cast<int>(span.kind));
  wide(json, "startTimeUnixNano", span.start_ns);
  wide(json, "endTimeUnixNano", span.end_ns);
  attributes(json, span.attributes());
  count_if_any(json, "droppedAttributesCount", span.dropped_attributes());
  events(json, span);
  count_if_any(json, "droppedEventsCount", span.dropped_events());
  links(json, span);
  json.key("status").begin_object();
  if (span.error) json.key("code").integer(2);
  json.end_object().end_object();
}

std::string traces_json(const Sender& sender, std::string_view spans) {
  std::string body;
  body.reserve(spans.size() + 2048);
  JsonWriter json(body);
  begin(json, sender, "resourceSpans", "scopeSpans", "spans");
  json.raw(spans);
  end(json);
  return body;
}

std::string metrics_json(const Sender& sender, std::span<const observe::MetricFamily> families, std::uint64_t start_ns,
                         std::uint64_t now_ns) {
  std::string body;
  JsonWriter json(body);
  begin(json, sender, "resourceMetrics", "scopeMetrics", "metrics");
  for (const observe::MetricFamily& family : families) {
    if (!family.points.empty()) metric(json, family, start_ns, now_ns);
  }
  end(json);
  return body;
}

} // namespace kairos::telemetry
