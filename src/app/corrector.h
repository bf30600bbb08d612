// Corrector: writes CORRECTION records, one at a time: reads the receipt as it stands, amends it, appends, and has
// budgets and books moved. The server has one; `reconcile --apply` makes one on a data folder that no server holds.
// Thread-safe, blocks its caller.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "journal/writer.h"
#include "ledger/amend.h"
#include "ledger/projection.h"

namespace kairos::app {

class Corrector {
public:
  struct Parts {
    journal::Writer& writer;
    const ledger::Projection& books;
    const Clock& clock;
    std::function<ledger::BudgetIds()> charged_budgets;
    std::function<void(const ledger::Correction&)> written; // budgets follow
  };
  explicit Corrector(Parts parts) : parts_(std::move(parts)) {}

  /// Corrects the receipt whose CLOSE record is at `closed`. Errors of ledger::amend; kIo: it could not be written.
  Result<ledger::Correction> correct(const journal::Position& closed, const ledger::AttemptTruth& truth,
                                     std::string reason);

private:
  Result<model::Receipt> current(const journal::Position& closed) const;

  const Parts parts_;
  std::mutex mutex_;
};

/// The receipt's corrections, oldest first.
Result<std::vector<ledger::Correction>> corrections_of(const journal::Reader& journal, const ledger::Projection& books,
                                                       std::string_view receipt_id);

} // namespace kairos::app
