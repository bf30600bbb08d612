#include "gateway/trace_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace kairos::gateway {
namespace {

constexpr size_t kTraceparentLength = 55; // "00-" 32 "-" 16 "-" 2
constexpr size_t kMostStateMembers = 32;  // the specifications' bounds
constexpr size_t kMostStateBytes = 512;
constexpr size_t kMostBaggageMembers = 64;
constexpr size_t kMostBaggageBytes = 8'192;

bool lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool all_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool well_formed(std::string_view header) {
  if (header.size() < kTraceparentLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return false;
  const std::string_view version = header.substr(0, 2);
  if (!lower_hex(version) || version == "ff") return false;
  if (version == "00" ? header.size() != kTraceparentLength
                      : header.size() > kTraceparentLength && header[kTraceparentLength] != '-')
    return false;
  const std::string_view trace = header.substr(3, 32);
  const std::string_view parent = header.substr(36, 16);
  return lower_hex(trace) && lower_hex(parent) && lower_hex(header.substr(53, 2)) && !all_zero(trace) &&
         !all_zero(parent);
}

/// key=value in visible ASCII, as both specifications have it. Whose keys they are is not looked at.
bool is_member(std::string_view text) {
  const size_t key = text.find_first_not_of(" \t");
  const size_t equals = text.find('=');
  const auto visible = [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; };
  return equals != text.npos && key < equals && std::all_of(text.begin(), text.end(), visible);
}

/// The list of a field that may be there several times; whole members from the left as far as both bounds allow. What
/// is no member is left out.
std::string joined_members(const net::Head& head, std::string_view name, size_t most, size_t bytes) {
  std::string out;
  size_t members = 0;
  for (size_t i = 0; i < head.field_count(); ++i) {
    if (!net::same_name(head.field(i).name, name)) continue;
    std::string_view rest = head.field(i).value;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view member = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (!is_member(member)) continue;
      if (++members > most || out.size() + member.size() + 1 > bytes) return out;
      if (!out.empty()) out += ',';
      out += member;
    }
  }
  return out;
}

} // namespace

TraceIdSource::TraceIdSource() {
  std::random_device device;
  state_ = (std::uint64_t{device()} << 32) | device();
}

// SplitMix64; see base/ulid.cc.
std::uint64_t TraceIdSource::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return (z ^ (z >> 31)) | 1; // never zero
}

std::string TraceIdSource::trace_id() { return fmt::format("{:016x}{:016x}", next(), next()); }
std::string TraceIdSource::span_id() { return fmt::format("{:016x}", next()); }

model::TraceIds join_trace(std::string_view header, TraceIdSource& ids) {
  model::TraceIds trace;
  trace.span_id = ids.span_id();
  if (!well_formed(header)) {
    trace.trace_id = ids.trace_id();
    return trace;
  }
  trace.trace_id = header.substr(3, 32);
  trace.parent_span_id = header.substr(36, 16);
  const char flags = header[54];
  const int low = flags <= '9' ? flags - '0' : flags - 'a' + 10;
  trace.sampled = (low & 1) != 0;
  return trace;
}

std::string traceparent(const model::TraceIds& trace, std::string_view span_id) {
  return fmt::format("00-{}-{}-{}", trace.trace_id, span_id, trace.sampled ? "01" : "00");
}

std::string_view caller_context(const net::Head& head) {
  std::string_view last;
  for (size_t i = 0; i < head.field_count(); ++i) {
    if (!net::same_name(head.field(i).name, "traceparent")) continue;
    const std::string_view next = head.field(i).value;
    const bool first = last.empty();
    if (!well_formed(next) || (!first && last.substr(3, 32) != next.substr(3, 32))) return {};
    last = next;
  }
  return last;
}

void forward_trace(const config::TraceForwarding& forward, const model::TraceIds& trace, std::string_view span_id,
                   const net::Head& client, std::vector<std::pair<std::string, std::string>>& headers) {
  if (forward.traceparent) headers.emplace_back("traceparent", traceparent(trace, span_id));
  if (forward.traceparent && forward.tracestate && !trace.parent_span_id.empty()) {
    if (auto state = joined_members(client, "tracestate", kMostStateMembers, kMostStateBytes); !state.empty())
      headers.emplace_back("tracestate", std::move(state));
  }
  if (forward.baggage) {
    if (auto baggage = joined_members(client, "baggage", kMostBaggageMembers, kMostBaggageBytes); !baggage.empty())
      headers.emplace_back("baggage", std::move(baggage));
  }
}

} // namespace kairos::gateway
