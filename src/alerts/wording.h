// What alerts say. One place for every sentence, so that feed, messages and tests read the same.
#pragma once

#include <string>

#include "alerts/machine.h"

namespace kairos::alerts {

/// "budget acme-month at 89 % with 6 days left", "p95 latency under 800 ms for 48 h on gpt-4o".
std::string headline(const Rule& rule, const Instance& instance);
/// How much, in full: "$89.00 of $100.00, period 2026-11" or "12 % over 10 min in 240 requests; the threshold is 5 %".
std::string figures(const Rule& rule, const Instance& instance);
/// Why it was raised: "error rate at or above 5 % for 3 min, per provider (rule error-rate)".
std::string reason(const Rule& rule);
/// For people: "48 h", "10 min", "30 s".
std::string print(Duration duration);

/// A category was given to another model after an evaluation. Raised when router versions exist.
std::string promoted(std::string_view model, std::string_view category, std::string_view version);

/// The query string of the receipts behind an instance: "from=…&to=…&tenant=acme&status=error".
std::string receipts_query(const Rule& rule, const Instance& instance, WallTime until);

} // namespace kairos::alerts
