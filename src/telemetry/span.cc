#include "telemetry/span.h"

#include <algorithm>

namespace kairos::telemetry {
namespace {

bool is_empty(const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->empty();
  if (const auto* list = std::get_if<TextList>(&value)) return list->empty();
  return false;
}

} // namespace

std::string_view cut_text(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

std::uint64_t unix_ns(WallTime time) {
  const auto us = time.time_since_epoch().count();
  return us > 0 ? static_cast<std::uint64_t>(us) * 1000 : 0;
}

void Span::clear(const SpanLimits& limits) {
  trace_id = span_id = parent_span_id = {};
  flags = 0;
  name.clear();
  start_ns = end_ns = 0;
  error = false;
  limits_ = limits;
  attributes_.clear();
  events_.clear();
  links_.clear();
  dropped_attributes_ = dropped_events_ = 0;
}

Value Span::limited(Value value) const {
  if (auto* text = std::get_if<std::string_view>(&value)) *text = cut_text(*text, limits_.text_bytes);
  if (auto* list = std::get_if<TextList>(&value)) *list = list->first(std::min(list->size(), kListItems));
  return value;
}

void Span::set(std::string_view key, Value value) {
  if (is_empty(value)) return;
  if (attributes_.size() >= limits_.attributes) {
    ++dropped_attributes_;
    return;
  }
  attributes_.push_back({key, limited(value)});
}

SpanEvent* Span::add_event(std::string_view event_name, std::uint64_t time_ns) {
  if (events_.size() >= limits_.events) {
    ++dropped_events_;
    return nullptr;
  }
  SpanEvent& event = events_.emplace_back();
  event.name = event_name;
  event.time_ns = time_ns;
  return &event;
}

void Span::set_on(SpanEvent& event, std::string_view key, Value value) const {
  if (is_empty(value)) return;
  if (event.count >= event.attributes.size()) {
    ++event.dropped;
    return;
  }
  event.attributes[event.count++] = {key, limited(value)};
}

} // namespace kairos::telemetry
