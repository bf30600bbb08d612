// What alerting is given of the running server.
#pragma once

#include <memory>

#include "alerts/service.h"
#include "gateway/health_board.h"
#include "journal/reader.h"
#include "store/loader.h"

namespace kairos::app {

/// How long the oldest journal record has been waiting to become readable in the store, in this process: a rebuild or
/// an imported history reads what is old.
std::vector<alerts::Reading> lag_readings(const journal::Reader& journal, const store::Loader& loader, WallTime started,
                                          WallTime now);
/// Per provider, the share of its targets whose circuit breaker is open; only providers that were asked lately.
std::vector<alerts::Reading> provider_readings(gateway::HealthBoard& health, MonoTime now);

} // namespace kairos::app
