// What is kept of alerts across restarts, as JSON, and back. Reading is strict: what is not understood is kCorrupt.
#pragma once

#include <string>
#include <string_view>

#include "alerts/machine.h"

namespace kairos::alerts {

std::string to_json(const Instance& instance);
Result<Instance> instance_from_json(std::string_view text);

} // namespace kairos::alerts
