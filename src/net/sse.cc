#include "net/sse.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kairos::net {

Result<void> SseReader::feed(std::string_view bytes) {
  if (too_large_) return fail(Code::kTooLarge, fmt::format("a server-sent event is larger than {} bytes", max_event_));
  input_.erase(0, at_);
  scanned_ -= at_;
  at_ = 0;
  input_.append(bytes);
  return {};
}

/// A line ends with CR LF, LF or CR; a CR at the very end of the input may still be followed by its LF, which is then
/// skipped.
std::optional<std::string_view> SseReader::next_line() {
  if (skip_line_feed_ && at_ < input_.size()) {
    if (input_[at_] == '\n') ++at_;
    skip_line_feed_ = false;
  }
  scanned_ = std::max(scanned_, at_);
  const size_t end = std::min(input_.find_first_of("\r\n", scanned_), input_.size());
  scanned_ = end;
  if (end - at_ > max_event_) too_large_ = true;
  if (too_large_ || end == input_.size()) return std::nullopt;
  std::string_view line(input_.data() + at_, end - at_);
  at_ = end + 1;
  skip_line_feed_ = input_[end] == '\r';
  if (std::exchange(first_line_, false) && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  return line;
}

void SseReader::take_field(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event_ = value;
  if (name == "id" && value.find('\0') == std::string_view::npos) id_ = value;
  if (name != "data") return;
  if (std::exchange(has_data_, true)) data_.push_back('\n');
  data_.append(value);
  if (data_.size() > max_event_) too_large_ = true;
}

std::optional<SseEvent> SseReader::next() {
  if (std::exchange(handed_out_, false)) {
    event_.clear();
    data_.clear();
  }
  while (!too_large_) {
    const auto line = next_line();
    if (!line) break;
    if (!line->empty()) {
      take_field(*line);
      continue;
    }
    if (std::exchange(has_data_, false)) {
      handed_out_ = true;
      return SseEvent{event_, data_, id_};
    }
    event_.clear();
  }
  return std::nullopt;
}

void append_sse(std::string& out, std::string_view event, std::string_view data) {
  if (!event.empty()) out.append("event: ").append(event).append("\n");
  while (true) {
    const size_t end = data.find('\n');
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  out.append("\n");
}

} // namespace kairos::net
