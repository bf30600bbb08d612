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
constexpr std::uint64_t kStatusError = 2;

// Spans are written with all lengths known beforehand, into room that is made once: protozero's nested writers move
// what they wrote once the length is known, and growing for each attribute costs as much as writing it.

constexpr size_t varint_size(std::uint64_t number) { return static_cast<size_t>(std::bit_width(number | 1) + 6) / 7; }
constexpr char kVarint = 0;
constexpr char kFixed64 = 1;
constexpr char kLengthDelimited = 2;
constexpr char key_of(int field, char wire_type) {
  return static_cast<char>(field << 3 | wire_type);
} // fields up to 15
size_t delimited_size(size_t content) { return 1 + varint_size(content) + content; }
static_assert(std::endian::native == std::endian::little);

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
  out = put_head(out, field, text.size());
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}
char* put_number(char* out, int field, std::uint64_t number) {
  *out = key_of(field, kVarint);
  return put_varint(out + 1, number);
}
template <class Eight>
char* put_fixed64(char* out, int field, Eight value) {
  static_assert(sizeof value == 8);
  *out = key_of(field, kFixed64);
  std::memcpy(out + 1, &value, sizeof value);
  return out + 9;
}

size_t items_size(TextList list) {
  size_t size = 0;
  for (const std::string& text : list) size += delimited_size(delimited_size(text.size()));
  return size;
}

/// Bytes of an AnyValue's one field.
size_t value_size(const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return delimited_size(text->size());
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return 1 + varint_size(static_cast<std::uint64_t>(*number));
  if (std::holds_alternative<double>(value)) return 9;
  if (std::holds_alternative<bool>(value)) return 2;
  return delimited_size(items_size(std::get<TextList>(value)));
}

/// Writes value_size() bytes.
char* put_value(char* out, const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return put_text(out, 1, *text);
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return put_number(out, 3, static_cast<std::uint64_t>(*number));
  if (const auto* real = std::get_if<double>(&value)) return put_fixed64(out, 4, *real);
  if (const auto* flag = std::get_if<bool>(&value)) return put_number(out, 2, *flag ? 1 : 0);
  const TextList list = std::get<TextList>(value);
  out = put_head(out, 5, items_size(list));
  for (const std::string& text : list) out = put_text(put_head(out, 1, delimited_size(text.size())), 1, text);
  return out;
}

/// KeyValue{1: key, 2: AnyValue}.
size_t pair_size(std::string_view key, const Value& value) {
  return delimited_size(key.size()) + delimited_size(value_size(value));
}
char* put_pair(char* out, int tag, std::string_view key, const Value& value) {
  const size_t any = value_size(value);
  out = put_head(out, tag, delimited_size(key.size()) + delimited_size(any));
  return put_value(put_head(put_text(out, 1, key), 2, any), value);
}

/// As field `tag` of the message that `bytes` ends with.
void put_attribute(std::string& bytes, int tag, std::string_view key, const Value& value) {
  const size_t begin = bytes.size();
  bytes.resize(begin + delimited_size(pair_size(key, value)));
  put_pair(bytes.data() + begin, tag, key, value);
}

/// Hexadecimal digits as the bytes that they are; the digits were checked before. None: no field.
size_t id_size(std::string_view digits) { return digits.empty() ? 0 : 2 + digits.size() / 2; }
char* put_id(char* out, int field, std::string_view digits) {
  if (digits.empty()) return out;
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  out = put_head(out, field, digits.size() / 2);
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    *out++ = static_cast<char>(nibble(digits[i]) * 16 + nibble(digits[i + 1]));
  return out;
}

size_t count_size(std::uint32_t count) { return count == 0 ? 0 : 1 + varint_size(count); }
char* put_count(char* out, int field, std::uint32_t count) { return count == 0 ? out : put_number(out, field, count); }

size_t event_size(const SpanEvent& event) {
  size_t size = 9 + delimited_size(event.name.size()) + count_size(event.dropped);
  for (size_t i = 0; i < event.count; ++i)
    size += delimited_size(pair_size(event.attributes[i].key, event.attributes[i].value));
  return size;
}
char* put_event(char* out, const SpanEvent& event) {
  out = put_head(out, 11, event_size(event));
  out = put_text(put_fixed64(out, 1, event.time_ns), 2, event.name);
  for (size_t i = 0; i < event.count; ++i) out = put_pair(out, 3, event.attributes[i].key, event.attributes[i].value);
  return put_count(out, 4, event.dropped);
}

size_t link_size(const SpanLink& link) { return id_size(link.trace_id) + id_size(link.span_id); }
char* put_link(char* out, const SpanLink& link) {
  return put_id(put_id(put_head(out, 13, link_size(link)), 1, link.trace_id), 2, link.span_id);
}

constexpr size_t kFlagsSize = 6;  // a key of two bytes and a fixed32
constexpr size_t kStatusSize = 2; // Status{3: code}

size_t span_size(const Span& span) {
  size_t size = id_size(span.trace_id) + id_size(span.span_id) + id_size(span.parent_span_id);
  size += delimited_size(span.name.size()) + 2 + 9 + 9 + kFlagsSize + (span.error ? delimited_size(kStatusSize) : 0);
  for (const Attribute& one : span.attributes()) size += delimited_size(pair_size(one.key, one.value));
  for (const SpanEvent& event : span.events()) size += delimited_size(event_size(event));
  for (const SpanLink& link : span.links()) size += delimited_size(link_size(link));
  return size + count_size(span.dropped_attributes()) + count_size(span.dropped_events());
}

char* put_flags(char* out, std::uint32_t flags) {
  out = put_varint(out, 16 << 3 | 5);
  std::memcpy(out, &flags, sizeof flags);
  return out + sizeof flags;
}

char* put_span(char* out, const Span& span) {
  out = put_id(put_id(put_id(out, 1, span.trace_id), 2, span.span_id), 4, span.parent_span_id);
  out = put_number(put_text(out, 5, span.name), 6, static_cast<std::uint64_t>(span.kind));
  out = put_fixed64(put_fixed64(out, 7, span.start_ns), 8, span.end_ns);
  for (const Attribute& one : span.attributes()) out = put_pair(out, 9, one.key, one.value);
  out = put_count(out, 10, span.dropped_attributes());
  for (const SpanEvent& event : span.events()) out = put_event(out, event);
  out = put_count(out, 12, span.dropped_events());
  for (const SpanLink& link : span.links()) out = put_link(out, link);
  if (span.error) out = put_number(put_head(out, 15, kStatusSize), 3, kStatusError);
  return put_flags(out, span.flags);
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
  const size_t size = span_size(span);
  const size_t begin = out.size();
  const size_t end = begin + delimited_size(size);
  out.resize_and_overwrite(end, [&](char* bytes, size_t) { // libstdc++ 12 gives its new capacity as the size
    put_span(put_head(bytes + begin, 2, size), span);
    return end;
  });
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
