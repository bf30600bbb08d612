// A correction: the truth about a closed receipt that came later (a provider's invoice, usage of an interrupted
// stream). It is a journal record of its own that refers to the receipt; the receipt is never edited. It carries the
// receipt as it stood and as it stands now, so every fold can take the old one out and put the new one in without
// looking anything up.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/receipt.h"

namespace kairos::ledger {

inline constexpr std::string_view kCorrectionSchema = "kairosroute.correction/1";

struct Correction {
  WallTime corrected_at{};
  std::string reason;    // for a person: "provider invoice 2026-11"
  model::Receipt before; // as closed, or as the last correction left it
  model::Receipt after;  // the same receipt_id, tenant, created_at; other usage, cost, charges
};

/// The correction that gives `before` another cost. Budget charges are scaled to it: each budget that counts cost takes
/// the new total, one that counts charged amounts takes `cost.charged`. `charged_budgets` names the latter.
/// A new cost that is unknown leaves the charges alone. `attempts`: nullopt leaves them as they were.
Correction make_correction(const model::Receipt& before, model::Usage usage, model::Cost cost,
                           const std::vector<std::string>& charged_budgets, std::string reason, WallTime now,
                           std::optional<std::vector<model::Attempt>> attempts = {});

/// {"schema","receipt_id","corrected_at","reason","delta_usd","before":{receipt},"after":{receipt}}
std::string to_json(const Correction& correction);
/// kCorrupt: not a correction, or before and after are different receipts.
Result<Correction> correction_from_json(std::string_view json);

} // namespace kairos::ledger
