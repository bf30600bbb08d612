// Log lines: one per event, to stderr, as JSON or logfmt. Thread-safe; a line is written whole.
// Cheap when off: a level is one relaxed atomic load. Never give it a secret or what a client wrote in a prompt: there
// is no filter behind it.
//   log_info("gateway", "upstream answered", {{"receipt_id", id}, {"status", 200}});
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace kairos::observe {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat : std::uint8_t { kJson, kLogfmt };

/// Views: valid during the call.
struct LogField {
  template <std::convertible_to<std::string_view> T>
  LogField(std::string_view field_name, const T& text) : name(field_name), value(std::string_view(text)) {}
  LogField(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  LogField(std::string_view field_name, T number) : name(field_name), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view field_name, double number) : name(field_name), value(number) {}

  std::string_view name; // a literal: letters, digits, '_'
  std::variant<std::string_view, bool, std::int64_t, double> value;
};
using LogFields = std::initializer_list<LogField>;

/// "info", or with levels of single parts: "info,net=debug,journal=warn". Parts are names of source folders.
/// kInvalid naming the word that is not understood; then nothing changes.
Result<> set_log_levels(std::string_view levels);
void set_log_format(LogFormat format);
bool log_enabled(std::string_view part, LogLevel level);

void log(LogLevel level, std::string_view part, std::string_view message, LogFields fields = {});
inline void log_debug(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::kDebug, part, message, fields);
}
inline void log_info(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::kInfo, part, message, fields);
}
inline void log_warn(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::kWarn, part, message, fields);
}
inline void log_error(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::kError, part, message, fields);
}

/// The line without its end; what log() writes. `time` is RFC 3339.
std::string log_line(LogFormat format, std::string_view time, LogLevel level, std::string_view part,
                     std::string_view message, LogFields fields);

} // namespace kairos::observe
