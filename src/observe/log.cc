#include "observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>

#include "base/clock.h"

namespace kairos::observe {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warn", "error", "off"};

/// Immutable; replaced as a whole.
struct Levels {
  LogLevel general = LogLevel::kInfo;
  std::map<std::string, LogLevel, std::less<>> parts;
};

/// Everything that log() uses. Never destroyed: threads may log until the very end of the process.
struct Logging {
  std::atomic<LogLevel> lowest{LogLevel::kInfo}; // of all parts: what lies below needs no look-up
  std::atomic<LogFormat> format{LogFormat::kLogfmt};
  std::mutex mutex;
  std::shared_ptr<const Levels> levels = std::make_shared<Levels>();
  spdlog::logger out{"kairosroute", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  Logging() {
    out.set_level(spdlog::level::trace);
    out.set_pattern("%v");
  }
  std::shared_ptr<const Levels> current() {
    const std::scoped_lock lock(mutex);
    return levels;
  }
};

Logging& logging() {
  static Logging& instance = *new Logging;
  return instance;
}

Result<LogLevel> parse_level(std::string_view word) {
  const auto found = std::ranges::find(kLevelNames, word);
  if (found != kLevelNames.end()) return static_cast<LogLevel>(found - kLevelNames.begin());
  return fail(Code::kInvalid, "\"" + std::string(word) + "\" is not a log level; use debug, info, warn, error or off");
}

void append_escaped(std::string& line, char c) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    line.append({'\\', c});
  } else if (c == '\n') {
    line += "\\n";
  } else if (byte < 0x20 || byte == 0x7f) {
    line.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
  } else {
    line += c;
  }
}

/// Length of the well-formed UTF-8 sequence that `text` begins with; 0: none.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 && first <= 0xf4 ? 4u : first >= 0xe0 && first < 0xf0 ? 3u : 2u;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool beyond = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 1)
      append_escaped(line, text[0]);
    else if (length > 1)
      line.append(text.substr(0, length));
    else
      line += "\xef\xbf\xbd";
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  line += '"';
}

bool plain(std::string_view text) {
  const auto harmless = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\'; };
  return !text.empty() && std::ranges::all_of(text, harmless);
}

void append_text(std::string& line, LogFormat format, std::string_view text) {
  if (format == LogFormat::kLogfmt && plain(text))
    line += text;
  else
    append_quoted(line, text);
}

void append_value(std::string& line, LogFormat format, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) return append_text(line, format, *text);
  if (const auto* flag = std::get_if<bool>(&field.value)) line += *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*number);
  if (const auto* real = std::get_if<double>(&field.value))
    line += std::isfinite(*real) ? fmt::format("{:.9g}", *real) : "null";
}

void append_name(std::string& line, LogFormat format, std::string_view name) {
  const bool json = format == LogFormat::kJson;
  if (!line.empty()) line += json ? ',' : ' ';
  if (json) line += '"';
  line.append(name).append(json ? "\":" : "=");
}

} // namespace

std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view part,
                     std::string_view message, LogFields fields) {
  std::string line;
  const auto add = [&](const LogField& field) {
    append_name(line, format, field.name);
    append_value(line, format, field);
  };
  add({"time", time});
  add({"level", kLevelNames[static_cast<size_t>(level)]});
  add({"part", part});
  add({"msg", message});
  for (const LogField& field : fields) add(field);
  return format == LogFormat::kJson ? "{" + line + "}" : line;
}

Result<> set_log_levels(std::string_view text) {
  auto next = std::make_shared<Levels>();
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const size_t equals = word.find('=');
    const auto level = parse_level(equals == word.npos ? word : word.substr(equals + 1));
    if (!level) return std::unexpected(level.error());
    if (equals == word.npos)
      next->general = *level;
    else
      next->parts[std::string(word.substr(0, equals))] = *level;
    begin = end + 1;
  }
  LogLevel lowest = next->general;
  for (const auto& [part, level] : next->parts) lowest = std::min(lowest, level);
  const std::scoped_lock lock(logging().mutex);
  logging().levels = std::move(next);
  logging().lowest.store(lowest, std::memory_order_relaxed);
  return {};
}

void set_log_format(LogFormat format) { logging().format.store(format, std::memory_order_relaxed); }

bool log_enabled(std::string_view part, LogLevel level) {
  if (level < logging().lowest.load(std::memory_order_relaxed)) return false;
  const auto levels = logging().current();
  const auto found = levels->parts.find(part);
  return level >= (found == levels->parts.end() ? levels->general : found->second);
}

void log(LogLevel level, std::string_view part, std::string_view message, LogFields fields) {
  if (level == LogLevel::kOff || !log_enabled(part, level)) return;
  Logging& all = logging();
  const std::string time = to_rfc3339(SystemClock().wall_now());
  const LogFormat format = all.format.load(std::memory_order_relaxed);
  all.out.log(spdlog::level::info, spdlog::string_view_t(log_line(format, time, level, part, message, fields)));
}

} // namespace kairos::observe
