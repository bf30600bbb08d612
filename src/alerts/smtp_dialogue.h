// What an SMTP conversation came to, beyond "it failed": the last reply in the server's words, and which recipients it
// refused (RFC 5321: a reply is lines of "250-text", the last one "250 text"). The bytes are the server's and may be
// anything; what is kept is bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kairos::alerts {

class SmtpDialogue {
public:
  struct Refusal {
    std::string recipient; // as it stood between the angle brackets
    int code = 0;
    std::string text;
  };

  /// A command as it was sent, "RCPT TO:<a@example.com>\r\n".
  void said(std::string_view command);
  /// One line of a reply, with or without its end.
  void heard(std::string_view line);

  int code() const { return code_; }                // of the last whole reply before QUIT; 0: none came
  const std::string& text() const { return text_; } // of it, printable
  const std::vector<Refusal>& refusals() const { return refusals_; }

private:
  static constexpr size_t kMaxText = 200;
  static constexpr size_t kMaxRefusals = 200;

  bool over_ = false;     // QUIT was said: the answer to it is of no interest
  std::string recipient_; // whose reply is awaited; empty: of another command
  int code_ = 0;
  std::string text_;
  std::vector<Refusal> refusals_;
};

} // namespace kairos::alerts
