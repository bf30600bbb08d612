// Receipts as JSON: the stored form in the journal and the form that users read. Exact both ways for everything but
// scores and probabilities (6 significant digits).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/receipt.h"

namespace kairos::model {

/// The stored bytes of a receipt: compact, without sequence and hashes.
std::string to_json(const Receipt& receipt);
/// The same in two steps, for a receipt that is written more than once: what is settled with the decision (most of it),
/// then, behind it, what is not.
std::string json_head(const Receipt& receipt);
std::string json_tail(const Receipt& receipt);

/// The stored bytes as a reader sees them: `sequence` and `integrity` added for those who may see them (not null).
std::string with_integrity(std::string_view stored, const Integrity& integrity);

/// How much of a receipt is read. kOutcome is what counters need, at a third of the cost: identity, trace, request,
/// attempts, execution, the cost without its lines, savings and budget charges. kBooked is all but the candidates,
/// which are most of the bytes: what the store and the ledger keep. kTold is what spans tell: all but tags, the
/// cost's lines, what rewriting did, the categories' probabilities, and of budgets and candidates what no span has room
/// for. The rest is skipped, checked for its brackets at most.
enum class ReceiptPart : std::uint8_t { kAll, kOutcome, kBooked, kTold };

/// Reads stored bytes. Unknown fields are skipped (a newer writer), wrong types are kCorrupt with the field's name.
Result<Receipt> receipt_from_json(std::string_view json, ReceiptPart part = ReceiptPart::kAll);

/// One cost group alone, for corrections.
std::string cost_to_json(const Cost& cost);

} // namespace kairos::model
