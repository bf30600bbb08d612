#include <charconv>

#include "sim/sim_request.h"

namespace kairos::sim {
namespace {

constexpr std::string_view kOpen = "[[sim:";
constexpr std::string_view kClose = "]]";

Result<std::int64_t> read_number(std::string_view name, std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  return fail(Code::kInvalid, "sim control " + std::string(name) + " must be a number from " + std::to_string(least) +
                                  " to " + std::to_string(most));
}

Result<void> set_number(std::string_view name, std::string_view value, Controls& controls) {
  const bool is_status = name == "status";
  const std::int64_t most = is_status ? 599 : name == "slow" ? 60'000 : name == "tools" ? 16 : 86'400;
  const auto number = read_number(name, value, is_status ? 400 : 0, most);
  if (!number) return std::unexpected(number.error());
  if (is_status) controls.status = static_cast<int>(*number);
  if (name == "slow") controls.slow = *number;
  if (name == "tools") controls.tools = *number;
  if (name == "retry_after") controls.retry_after = *number;
  return {};
}

bool* find_flag(std::string_view name, Controls& controls) {
  if (name == "reset") return &controls.reset;
  if (name == "break") return &controls.break_off;
  if (name == "stall") return &controls.stall;
  if (name == "no_usage") return &controls.no_usage;
  if (name == "error_event") return &controls.error_event;
  if (name == "refuse") return &controls.refuse;
  if (name == "think") return &controls.think;
  return nullptr;
}

Result<void> read_control(std::string_view text, Controls& controls) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  if (name == "say" && equals != std::string_view::npos) {
    controls.say = value;
    return {};
  }
  if (name == "status" || name == "slow" || name == "retry_after" || name == "tools")
    return set_number(name, value, controls);
  bool* flag = equals == std::string_view::npos ? find_flag(name, controls) : nullptr;
  if (flag == nullptr) return fail(Code::kInvalid, "unknown sim control \"" + std::string(text) + "\"");
  *flag = true;
  return {};
}

} // namespace

Result<void> read_controls(std::string_view text, Controls& controls) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    auto read = read_control(text.substr(0, end), controls);
    if (!read) return read;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Result<void> find_controls(std::string_view text, Controls& controls) {
  while (true) {
    const size_t open = text.find(kOpen);
    if (open == std::string_view::npos) return {};
    text.remove_prefix(open + kOpen.size());
    const size_t close = text.find(kClose);
    if (close == std::string_view::npos) return {};
    auto read = read_controls(text.substr(0, close), controls);
    if (!read) return read;
    text.remove_prefix(close + kClose.size());
  }
}

} // namespace kairos::sim
