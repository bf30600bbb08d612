// What happens between opening the data folder and the first request: recovery, and budgets as configured.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "config/snapshot.h"
#include "journal/recover.h"
#include "journal/writer.h"
#include "ledger/budget.h"

namespace kairos::app {

/// Appends a CLOSE for each receipt that a crash left open, as its last OPEN or ATTEMPT record tells; returns how many.
Result<size_t> close_interrupted(journal::Writer& writer, const journal::Recovered& recovered, const Clock& clock);

std::vector<ledger::BudgetSpec> budget_specs(const config::Snapshot& snapshot);

/// A random secret kept in the data folder, made at the first start.
Result<std::string> fingerprint_key(const std::string& data_dir);

} // namespace kairos::app
