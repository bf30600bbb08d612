// When a message that was not taken is sent again: which answers change with time, and how long to wait. Pure.
#pragma once

#include <string>

#include "base/clock.h"

namespace kairos::alerts {

inline constexpr Duration kLongestPause = std::chrono::minutes(2);

/// No answer (0), 408, 425, 429 and 5xx. Others say the same tomorrow; redirects are not followed.
bool retry_http(int status);
/// All but 550 to 559, by which the mailbox or the message is refused for good. Other 5xx (login, policy, syntax while
/// a relay is being mended) can change within the half hour that is tried.
bool retry_smtp(int status);
/// After so many attempts: 1, 2, 4, … times the first pause up to kLongestPause, spread by a tenth to both sides by the
/// delivery's id, so that many do not come at once.
Duration pause_after(int attempts, Duration first, const std::string& id);

} // namespace kairos::alerts
