// What providers say is kept on receipts; but a provider may repeat what it was sent: a key, or pieces of the prompt,
// and those are kept nowhere. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kairos::gateway {

/// `message` with every run of 12 bytes or more that `prompt` has too replaced by "…". Linear in both.
std::string without_echo(std::string_view message, std::string_view prompt);

/// Overwrites `secret` in `text` with asterisks, so that its length stays. Secrets under 8 bytes are none.
void hide(std::string& text, std::string_view secret);

} // namespace kairos::gateway
