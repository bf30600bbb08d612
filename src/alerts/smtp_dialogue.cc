#include "alerts/smtp_dialogue.h"

#include <algorithm>
#include <cctype>

#include "alerts/message.h"

namespace kairos::alerts {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

} // namespace

void SmtpDialogue::said(std::string_view command) {
  constexpr std::string_view kVerb = "RCPT TO:<";
  recipient_.clear();
  over_ = over_ || command.starts_with("QUIT");
  if (!command.starts_with(kVerb)) return;
  const size_t end = command.find('>', kVerb.size());
  if (end != command.npos) recipient_ = command.substr(kVerb.size(), end - kVerb.size());
}

void SmtpDialogue::heard(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  const bool reply =
      line.size() >= 3 && digit(line[0]) && digit(line[1]) && digit(line[2]) && (line.size() == 3 || line[3] == ' ');
  if (!reply || over_) return; // a line in the middle, or nonsense
  code_ = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  text_ = printable(line.substr(std::min<size_t>(line.size(), 4)).substr(0, kMaxText));
  if (!recipient_.empty() && code_ >= 400 && refusals_.size() < kMaxRefusals)
    refusals_.push_back({recipient_, code_, text_});
  recipient_.clear();
}

} // namespace kairos::alerts
