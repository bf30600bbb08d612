// Field numbers: opentelemetry/proto/{collector/trace/v1,collector/metrics/v1,trace/v1,metrics/v1,common/v1}.
#include <algorithm>
#include <bit>
#include <cstring>
#include <protozero/pbf_writer.hpp>

#include "telemetry/otlp_encoder.h"

namespace kairos::telemetry {
namespace {

using protozero::pbf_writer;

constexpr std::uint64_t kCumulative = 2;
constexpr std::int32_t kStatusError = 2;

// Attributes are most of the bytes, so they are written with their lengths known beforehand; protozero's nested writers
// move what they wrote once the length is known.

size_t varint_size(std::uint64_t number) {
  size_t size = 1;
  for (; number >= 0x80; number >>= 7) ++size;
  return size;
}
constexpr char kLengthDelimited = 2;
constexpr char key_of(int field, char wire_type) {
  return static_cast<char>(field << 3 | wire_type);
} // fields up to 15
size_t delimited_size(size_t content) { return 1 + varint_size(content) + content; }

char* put_varint(char* out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) *out++ = static_cast<char>(number | 0x80);
  *out++ = static_cast<char>(number);
  return out;
}
char* put_head(char* out, int field, size_t content) {
  *out++ = key_of(field, kLengthDelimited);
  return put_varint(out, content);
}
char* put_text(char* out, int field, std::string_view text) {
  return std::ranges::copy(text, put_head(out, field, text.size())).out;
}

/// Bytes of an AnyValue's one field.
struct SizeOfValue {
  size_t operator()(std::string_view text) const { return delimited_size(text.size()); }
  size_t operator()(bool) const { return 2; }
  size_t operator()(std::int64_t number) const { return 1 + varint_size(static_cast<std::uint64_t>(number)); }
  size_t operator()(double) const { return 9; }
  static size_t of_items(TextList list) {
    size_t size = 0;
    for (const std::string& text : list) size += delimited_size(delimited_size(text.size()));
    return size;
  }
  size_t operator()(TextList list) const { return delimited_size(of_items(list)); }
};

/// Each writes exactly so many bytes and returns where they end.
struct PutValue {
  char* out;
  char* operator()(std::string_view text) const { return put_text(out, 1, text); }
  char* operator()(bool flag) const {
    out[0] = key_of(2, 0);
    out[1] = static_cast<char>(flag);
    return out + 2;
  }
  char* operator()(std::int64_t number) const {
    *out = key_of(3, 0);
    return put_varint(out + 1, static_cast<std::uint64_t>(number));
  }
  char* operator()(double number) const {
    *out = key_of(4, 1);
    std::memcpy(out + 1, &number, sizeof number); // little-endian, as this machine is
    return out + 9;
  }
  char* operator()(TextList list) const {
    char* end = put_head(out, 5, SizeOfValue::of_items(list));
    for (const std::string& text : list) end = put_text(put_head(end, 1, delimited_size(text.size())), 1, text);
    return end;
  }
};
static_assert(std::endian::native == std::endian::little);

/// KeyValue{1: key, 2: AnyValue} as field `tag` of the message that `bytes` ends with.
void put_attribute(std::string& bytes, int tag, std::string_view key, const Value& value) {
  const size_t any = std::visit(SizeOfValue{}, value);
  const size_t pair = delimited_size(key.size()) + delimited_size(any);
  const size_t begin = bytes.size();
  bytes.resize(begin + delimited_size(pair));
  char* out = put_head(bytes.data() + begin, tag, pair);
  out = put_head(put_text(out, 1, key), 2, any);
  std::visit(PutValue{out}, value);
}

/// Hexadecimal digits as the bytes that they are; the digits were checked before.
void add_id(pbf_writer& out, protozero::pbf_tag_type tag, std::string_view digits) {
  char bytes[16];
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  const size_t count = std::min(digits.size() / 2, sizeof bytes);
  for (size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<char>(nibble(digits[2 * i]) * 16 + nibble(digits[2 * i + 1]));
  if (count > 0) out.add_bytes(tag, bytes, count);
}

void add_event(std::string& bytes, pbf_writer& out, const SpanEvent& event) {
  pbf_writer message(out, 11);
  message.add_fixed64(1, event.time_ns);
  message.add_string(2, event.name.data(), event.name.size());
  for (size_t i = 0; i < event.count; ++i) put_attribute(bytes, 3, event.attributes[i].key, event.attributes[i].value);
  if (event.dropped > 0) message.add_uint32(4, event.dropped);
}

void fill_resource(std::string& bytes, pbf_writer& out, const Sender& sender) {
  pbf_writer resource(out, 1);
  for (const auto& [key, value] : sender.resource) put_attribute(bytes, 1, key, Value(std::string_view(value)));
}

void fill_scope(pbf_writer& out, const Sender& sender) {
  pbf_writer scope(out, 1);
  scope.add_string(1, kScope.data(), kScope.size());
  scope.add_string(2, sender.version);
}

void put_labels(std::string& bytes, int tag, const observe::Labels& labels) {
  for (const auto& [key, value] : labels) put_attribute(bytes, tag, key, Value(std::string_view(value)));
}

struct Times {
  std::uint64_t start_ns;
  std::uint64_t now_ns;
};

void add_number(std::string& bytes, pbf_writer& out, const observe::MetricPoint& from, Times times) {
  pbf_writer point(out, 1);
  point.add_fixed64(2, times.start_ns);
  point.add_fixed64(3, times.now_ns);
  point.add_double(4, from.value);
  put_labels(bytes, 7, from.labels);
}

void add_histogram(std::string& bytes, pbf_writer& out, const observe::MetricFamily& family,
                   const observe::MetricPoint& from, Times times) {
  pbf_writer point(out, 1);
  std::uint64_t count = 0;
  for (const std::uint64_t in_bucket : from.buckets) count += in_bucket;
  point.add_fixed64(2, times.start_ns);
  point.add_fixed64(3, times.now_ns);
  point.add_fixed64(4, count);
  point.add_double(5, from.sum);
  point.add_packed_fixed<std::uint64_t>(6, from.buckets.begin(), from.buckets.end());
  point.add_packed_double(7, family.bounds.begin(), family.bounds.end());
  put_labels(bytes, 9, from.labels);
}

void add_metric(std::string& bytes, pbf_writer& out, const observe::MetricFamily& family, Times times) {
  using Kind = observe::MetricFamily::Kind;
  pbf_writer metric(out, 2);
  const std::string_view unit = unit_of(family.name);
  metric.add_string(1, family.name);
  metric.add_string(2, family.help);
  metric.add_string(3, unit.data(), unit.size());
  const protozero::pbf_tag_type tag = family.kind == Kind::kGauge ? 5 : family.kind == Kind::kCounter ? 7 : 9;
  pbf_writer data(metric, tag);
  for (const observe::MetricPoint& point : family.points) {
    if (family.kind == Kind::kHistogram)
      add_histogram(bytes, data, family, point, times);
    else
      add_number(bytes, data, point, times);
  }
  if (family.kind != Kind::kGauge) data.add_enum(2, kCumulative);
  if (family.kind == Kind::kCounter) data.add_bool(3, true);
}

} // namespace

void append_span_protobuf(std::string& out, const Span& span) {
  pbf_writer scope_spans(out);
  pbf_writer message(scope_spans, 2);
  add_id(message, 1, span.trace_id);
  add_id(message, 2, span.span_id);
  add_id(message, 4, span.parent_span_id);
  message.add_string(5, span.name);
  message.add_enum(6, static_cast<std::int32_t>(span.kind));
  message.add_fixed64(7, span.start_ns);
  message.add_fixed64(8, span.end_ns);
  for (const Attribute& attribute : span.attributes()) put_attribute(out, 9, attribute.key, attribute.value);
  if (span.dropped_attributes() > 0) message.add_uint32(10, span.dropped_attributes());
  for (const SpanEvent& event : span.events()) add_event(out, message, event);
  if (span.dropped_events() > 0) message.add_uint32(12, span.dropped_events());
  for (const SpanLink& link : span.links()) {
    pbf_writer one(message, 13);
    add_id(one, 1, link.trace_id);
    add_id(one, 2, link.span_id);
  }
  if (span.error) {
    pbf_writer status(message, 15);
    status.add_enum(3, kStatusError);
  }
  message.add_fixed32(16, span.flags);
}

std::string traces_protobuf(const Sender& sender, std::string_view spans) {
  std::string body;
  body.reserve(spans.size() + 1024);
  {
    pbf_writer request(body);
    pbf_writer resource_spans(request, 1);
    fill_resource(body, resource_spans, sender);
    {
      pbf_writer scope_spans(resource_spans, 2);
      fill_scope(scope_spans, sender);
      scope_spans.add_string(3, sender.schema_url);
      body.append(spans); // field 2 of this message, once per span
    }
    resource_spans.add_string(3, sender.schema_url);
  }
  return body;
}

std::string metrics_protobuf(const Sender& sender, std::span<const observe::MetricFamily> families,
                             std::uint64_t start_ns, std::uint64_t now_ns) {
  std::string body;
  {
    pbf_writer request(body);
    pbf_writer resource_metrics(request, 1);
    fill_resource(body, resource_metrics, sender);
    pbf_writer scope_metrics(resource_metrics, 2);
    fill_scope(scope_metrics, sender);
    for (const observe::MetricFamily& family : families) {
      if (!family.points.empty()) add_metric(body, scope_metrics, family, {start_ns, now_ns});
    }
    scope_metrics.add_string(3, sender.schema_url);
  }
  return body;
}

} // namespace kairos::telemetry
