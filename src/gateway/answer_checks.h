// Whether an answer does: what a cascade looks at before it gives it to the client. Pure; whole answers only.
#pragma once

#include <string_view>

#include "config/routing.h"

namespace kairos::gateway {

/// Which check the answer does not pass ("length", "refusal", "empty", "bad_json", "phrase"); empty: it does. `body`:
/// as the provider sent it, in any dialect; what is not understood passes. `finish_reason`: in the provider's words.
/// `wants_json`: the request asked for JSON.
std::string_view unsatisfying(const config::Cascade& cascade, std::string_view finish_reason, std::string_view body,
                              bool wants_json);

} // namespace kairos::gateway
