#include "alerts/retry.h"

#include <algorithm>
#include <functional>

namespace kairos::alerts {

bool retry_http(int status) { return status < 200 || status == 408 || status == 425 || status == 429 || status >= 500; }

bool retry_smtp(int status) { return status < 550 || status >= 560; }

Duration pause_after(int attempts, Duration first, const std::string& id) {
  Duration pause = first;
  for (int i = 1; i < attempts && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  const auto spread = static_cast<std::int64_t>(std::hash<std::string>()(id) % 201);
  return pause * (900 + spread) / 1000;
}

} // namespace kairos::alerts
