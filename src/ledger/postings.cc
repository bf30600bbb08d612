#include "ledger/postings.h"

#include <algorithm>
#include <numeric>

#include "ledger/period.h"

namespace kairos::ledger {
namespace {

using KeyedTotals = std::vector<std::pair<PostingKey, PostingTotals>>;

WallTime start_of_hour(WallTime time) { return std::chrono::floor<std::chrono::hours>(time); }
WallTime month_of(WallTime time) { return *start_of(period_at(Period::kMonth, time)); }

PostingKey key_of(const model::Receipt& receipt) {
  PostingKey key;
  key.period_start = start_of_hour(receipt.created_at);
  key.billing_month = month_of(receipt.created_at);
  key.tenant = receipt.tenant;
  key.workflow = receipt.workflow;
  key.category = receipt.classification.category;
  key.provider = receipt.execution.provider;
  key.model_id = receipt.execution.model_id;
  key.basis = receipt.cost.basis;
  key.byok = receipt.cost.byok;
  return key;
}

std::pair<PostingKey, PostingTotals> posting_of(const PostingKey& common, const model::Receipt& receipt,
                                                const model::CostLine& line) {
  PostingKey key = common;
  key.meter = line.meter;
  key.unit_price = line.unit_price;
  for (const model::Attempt& attempt : receipt.attempts) {
    if (attempt.index != line.attempt) continue;
    key.provider = attempt.provider;
    key.byok = key.byok || attempt.byok;
    key.model_id = attempt.model_id;
  }
  PostingTotals totals;
  totals.quantity = line.quantity;
  totals.cost = line.cost ? line.cost->value() : 0;
  totals.lines = 1;
  totals.unknown = line.cost ? 0 : 1;
  return {std::move(key), totals};
}

/// True if each cost line says what it is charged and nothing else is in the receipt's sum.
bool charged_by_line(const model::Receipt& receipt, size_t postings) {
  if (postings != receipt.cost.lines.size()) return false;
  Int128 sum = 0;
  for (const model::CostLine& line : receipt.cost.lines) {
    if (!line.charged) return false;
    sum += line.charged->value();
  }
  return sum == receipt.cost.charged->value();
}

/// Receipts that say only the sum: lays it over the lines, in proportion to their cost; what integer division leaves
/// goes to the dearest line.
void spread_charged(KeyedTotals& lines, Int128 amount) {
  const Int128 cost = std::accumulate(lines.begin(), lines.end(), Int128{0},
                                      [](Int128 sum, const auto& line) { return sum + line.second.cost; });
  Int128 left = amount;
  for (auto& [key, totals] : lines) {
    if (cost <= 0) break;
    totals.charged = amount / cost * totals.cost + amount % cost * totals.cost / cost;
    left -= totals.charged;
  }
  const auto dearest = std::max_element(lines.begin(), lines.end(),
                                        [](const auto& a, const auto& b) { return a.second.cost < b.second.cost; });
  dearest->second.charged += left;
}

void negate(PostingTotals& totals) {
  totals.quantity = -totals.quantity;
  totals.cost = -totals.cost;
  totals.charged = -totals.charged;
  totals.lines = -totals.lines;
  totals.unknown = -totals.unknown;
}

} // namespace

void PostingTotals::add(const PostingTotals& more) {
  quantity += more.quantity;
  cost += more.cost;
  charged += more.charged;
  lines += more.lines;
  unknown += more.unknown;
}

PicoSum known_cost(const model::Receipt& receipt) {
  if (receipt.cost.total) return receipt.cost.total->value();
  PicoSum sum = 0;
  for (const model::CostLine& line : receipt.cost.lines) sum += line.cost ? line.cost->value() : 0;
  return sum;
}

KeyedTotals postings_of(const model::Receipt& receipt) {
  const PostingKey common = key_of(receipt);
  KeyedTotals lines;
  PicoSum explained = 0;
  for (const model::CostLine& line : receipt.cost.lines) {
    lines.push_back(posting_of(common, receipt, line));
    explained += lines.back().second.cost;
  }
  const PicoSum rest = known_cost(receipt) - explained;
  const bool charged = receipt.cost.charged && *receipt.cost.charged != Picodollars(0);
  const bool unknown = !receipt.cost.total && lines.empty();
  if (rest != 0 || unknown || (lines.empty() && charged)) {
    PostingKey key = common;
    key.meter = receipt.cost.basis == model::CostBasis::kReservation ? kReservationMeter : kUnallocatedMeter;
    lines.emplace_back(std::move(key), PostingTotals{0, rest, 0, 1, unknown ? 1 : 0});
  }
  if (!charged) return lines;
  if (!charged_by_line(receipt, lines.size())) {
    spread_charged(lines, receipt.cost.charged->value());
    return lines;
  }
  for (size_t i = 0; i < lines.size(); ++i) lines[i].second.charged = receipt.cost.lines[i].charged->value();
  return lines;
}

KeyedTotals postings_of(const Correction& correction) {
  KeyedTotals lines = postings_of(correction.before);
  for (auto& [key, totals] : lines) negate(totals);
  const KeyedTotals now = postings_of(correction.after);
  lines.insert(lines.end(), now.begin(), now.end());
  for (auto& [key, totals] : lines) {
    key.correction = true;
    key.billing_month = month_of(correction.corrected_at);
  }
  return lines;
}

Postings by_day(const Postings& hourly) {
  Postings daily;
  for (const auto& [key, totals] : hourly) {
    PostingKey day = key;
    day.period_start = std::chrono::floor<std::chrono::days>(key.period_start);
    daily[day].add(totals);
  }
  return daily;
}

} // namespace kairos::ledger
