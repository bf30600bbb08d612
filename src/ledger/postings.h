// The ledger: hourly postings folded from CLOSE and CORRECTION records, exact to the picodollar. Pure; one thread.
// A receipt is posted in the UTC hour it was created in (as are its budgets). Corrections are rows of their own: the
// old lines with negative sign, then the new ones. The sum over rows is the sum over receipts, always.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "ledger/correction.h"
#include "model/receipt.h"

namespace kairos::ledger {

/// Meters of postings that are no line of a receipt: money held for an interrupted request, and a total that is not
/// explained by lines (0 in sound receipts).
inline constexpr std::string_view kReservationMeter = "reservation";
inline constexpr std::string_view kUnallocatedMeter = "unallocated";

/// Rows with equal keys are one row. The unit price is part of the key, so quantity × price is exact for each row.
struct PostingKey {
  WallTime period_start{};  // hour, or day after by_day()
  WallTime billing_month{}; // of the receipt; for corrections the month in which they were made
  std::string tenant;
  std::string workflow;
  model::Category category = model::Category::kOther;
  std::string provider;
  std::string model_id;
  std::string meter;
  std::optional<UnitPrice> unit_price; // nullopt: unpriced, or no product of quantity and price
  model::CostBasis basis = model::CostBasis::kMetered;
  bool byok = false;
  bool correction = false;
  auto operator<=>(const PostingKey&) const = default;
};

struct PostingTotals {
  Int128 quantity = 0;
  PicoSum cost = 0;    // Σ of the lines' costs, each rounded once
  PicoSum charged = 0; // what resellers' tenants are charged
  std::int64_t lines = 0;
  std::int64_t unknown = 0; // lines without a cost: in `quantity`, not in `cost`
  bool operator==(const PostingTotals&) const = default;
  void add(const PostingTotals& more);
};

using Postings = std::map<PostingKey, PostingTotals>;

/// The postings of one receipt: the fold's single step, and the receipt-level export.
std::vector<std::pair<PostingKey, PostingTotals>> postings_of(const model::Receipt& receipt);
std::vector<std::pair<PostingKey, PostingTotals>> postings_of(const Correction& correction);
/// Daily rows: the same, with hours rolled up.
Postings by_day(const Postings& hourly);
/// What a receipt counts as in every sum: its total, or the sum of the lines that are known.
PicoSum known_cost(const model::Receipt& receipt);

} // namespace kairos::ledger
