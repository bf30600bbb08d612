// Span: one OTLP span before it is encoded, with the limits of receivers applied as it is filled: number of attributes,
// bytes of a text, number of events. Texts are views: into the receipt, into literals, or into SpanTexts; all must
// outlive the Span. Memory is used again by clear(). One thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace kairos::telemetry {

using TextList = std::span<const std::string>;
using Value = std::variant<std::string_view, bool, std::int64_t, double, TextList>;

struct Attribute {
  std::string_view key;
  Value value;
};

/// What receivers keep (docs/telemetry/README.md says whose limits these are).
struct SpanLimits {
  size_t attributes = 32;
  size_t text_bytes = 2'000;
  size_t events = 8;
};

inline constexpr size_t kEventAttributes = 8;
inline constexpr size_t kListItems = 16; // of a list of texts

struct SpanEvent {
  std::string_view name;
  std::uint64_t time_ns = 0;
  std::array<Attribute, kEventAttributes> attributes;
  size_t count = 0;
  std::uint32_t dropped = 0;
};

struct SpanLink {
  std::string trace_id; // hex
  std::string span_id;
};

/// The numbers are OTLP's.
enum class SpanKind : std::uint8_t { kServer = 2, kClient = 3 };

inline constexpr std::uint32_t kFlagSampled = 0x01;
inline constexpr std::uint32_t kFlagKnowsRemote = 0x100; // "has is_remote"
inline constexpr std::uint32_t kFlagRemoteParent = 0x200;

/// Cut to at most `bytes`, never inside a UTF-8 sequence.
std::string_view cut_text(std::string_view text, size_t bytes);

class Span {
public:
  std::string_view trace_id;       // 32 hex digits
  std::string_view span_id;        // 16
  std::string_view parent_span_id; // 16, or empty
  std::uint32_t flags = 0;
  std::string name;
  SpanKind kind = SpanKind::kServer;
  std::uint64_t start_ns = 0;
  std::uint64_t end_ns = 0;
  bool error = false; // status ERROR; otherwise UNSET

  void clear(const SpanLimits& limits);
  /// Empty texts and lists are left out. Beyond the limit attributes are counted as dropped: set the important first.
  void set(std::string_view key, Value value);
  /// nullptr, and counted, beyond the limit.
  SpanEvent* add_event(std::string_view event_name, std::uint64_t time_ns);
  void set_on(SpanEvent& event, std::string_view key, Value value) const;
  void drop_events(size_t count) { dropped_events_ += static_cast<std::uint32_t>(count); }
  void add_link(SpanLink link) { links_.push_back(std::move(link)); }

  std::span<const Attribute> attributes() const { return attributes_; }
  std::span<const SpanEvent> events() const { return std::span(events_).first(used_events_); }
  std::span<const SpanLink> links() const { return links_; }
  std::uint32_t dropped_attributes() const { return dropped_attributes_; }
  std::uint32_t dropped_events() const { return dropped_events_; }

private:
  void cut(Value& value) const;

  SpanLimits limits_;
  std::vector<Attribute> attributes_;
  std::vector<SpanEvent> events_; // the first used_events_ of them: they are large, and used again
  size_t used_events_ = 0;
  std::vector<SpanLink> links_;
  std::uint32_t dropped_attributes_ = 0;
  std::uint32_t dropped_events_ = 0;
};

/// Texts that exist nowhere else, kept until clear().
class SpanTexts {
public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  void clear() { texts_.clear(); }

private:
  std::deque<std::string> texts_;
};

std::uint64_t unix_ns(WallTime time); // 0 for times before 1970

} // namespace kairos::telemetry
