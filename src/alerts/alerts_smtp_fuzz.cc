// Replies of an SMTP server, split into lines as they come, between commands of ours.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "alerts/smtp_dialogue.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kairos::alerts::SmtpDialogue dialogue;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size() - 1) + 1;
    const std::string_view line = bytes.substr(at, end - at);
    // A line of a command's shape is said by us, so that replies to recipients are reached.
    line.starts_with('R') || line.starts_with('M') ? dialogue.said(line) : dialogue.heard(line);
    at = end;
  }
  if (dialogue.code() < 0 || dialogue.code() > 999 || dialogue.text().size() > 200 || dialogue.refusals().size() > 200)
    __builtin_trap();
  for (const char c : dialogue.text()) {
    if (static_cast<unsigned char>(c) < 0x20) __builtin_trap();
  }
  return 0;
}
