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
  used_events_ = 0;
  links_.clear();
  dropped_attributes_ = dropped_events_ = 0;
}

void Span::cut(Value& value) const {
  if (auto* text = std::get_if<std::string_view>(&value)) {
    if (text->size() > limits_.text_bytes) *text = cut_text(*text, limits_.text_bytes);
  } else if (auto* list = std::get_if<TextList>(&value)) {
    *list = list->first(std::min(list->size(), kListItems));
  }
}

void Span::set(std::string_view key, Value value) {
  if (is_empty(value)) return;
  if (attributes_.size() >= limits_.attributes) {
    ++dropped_attributes_;
    return;
  }
  cut(attributes_.emplace_back(key, value).value);
}

SpanEvent* Span::add_event(std::string_view event_name, std::uint64_t time_ns) {
  if (used_events_ >= limits_.events) {
    ++dropped_events_;
    return nullptr;
  }
  if (used_events_ == events_.size()) events_.emplace_back();
  SpanEvent& event = events_[used_events_++];
  event.count = 0;
  event.dropped = 0;
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
  Attribute& made = event.attributes[event.count++];
  made = {key, value};
  cut(made.value);
}

} // namespace kairos::telemetry
