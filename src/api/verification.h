// verify: proves that receipts, ledger, budgets and the store's views say the same, to the last picodollar, by counting
// the journal anew. May run beside a server: what comes later than the books given is not looked at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/reader.h"
#include "journal/verify.h"
#include "ledger/books.h"
#include "ledger/budgets.h"
#include "ledger/journal_base.h"
#include "ledger/projection.h"
#include "store/receipt_store.h"

namespace kairos::api {

/// What the journal no longer has, by the checkpoint that stands for it.
struct DroppedPart {
  std::uint64_t last_sequence = 0;
  WallTime begins_at{}; // where the journal begins now
  std::uint64_t receipts = 0;
  PicoSum cost = 0;
  /// Whether the store's sums have it; false: it has nothing of it either. nullopt: not compared, receipts came in.
  std::optional<bool> in_store;
};

struct Verified {
  std::uint64_t receipts = 0; // of the journal as it is
  std::uint64_t corrections = 0;
  std::uint64_t sequence = 0; // up to which the ledger was compared; 0: there was none
  PicoSum cost = 0;           // as closed
  PicoSum charged = 0;
  std::optional<DroppedPart> dropped;
  PicoSum corrected = 0;             // what corrections come to; in ledger and budgets, not in the views
  std::vector<std::string> problems; // for a person, each naming what differs; at most kMostProblems
  bool ok() const { return problems.empty(); }
};
inline constexpr size_t kMostProblems = 100;

/// `books`: of the running server, or as saved; nullopt: nothing to compare. `base`: ledger::needed_base() of the
/// journal; counting begins with it. An error: something could not be read at all; kNotFound: segments were dropped
/// meanwhile, begin again.
Result<Verified> verify_money(const std::shared_ptr<const journal::Reader>& journal, store::ReceiptStore& store,
                              const std::optional<ledger::Books>& books,
                              std::optional<ledger::JournalBase> base = std::nullopt);

/// What the counters of running budgets say otherwise than the books. Requests settle meanwhile: a difference counts if
/// it is still there after `patience`.
std::vector<std::string> counter_problems(ledger::BudgetAuthority& budgets, const ledger::Projection& books,
                                          const Clock& clock, std::chrono::milliseconds patience);

/// {"ok","journal":{…},"dropped":null or {…},"receipts","cost_usd",…,"problems":[]}.
std::string to_json(const journal::VerifyReport& journal, const Verified& verified);

} // namespace kairos::api
