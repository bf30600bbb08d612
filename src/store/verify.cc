#include "store/verify.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::store {
namespace {

constexpr size_t kScanRows = 20'000;

std::string money_text(const std::optional<Picodollars>& amount) { return amount ? usd(*amount) : "unknown"; }

std::string day_of(WallTime time) { return to_rfc3339(time).substr(0, 10); }

/// Reads the store's rows in pieces.
class StoreRows {
public:
  StoreRows(ReceiptStore& store, std::uint64_t after, const ReadOptions& options)
      : store_(store), after_(after), options_(options) {}

  Result<std::optional<MoneyRow>> next() {
    if (at_ == rows_.size()) {
      auto more = store_.scan(after_, kScanRows, options_);
      if (!more) return std::unexpected(more.error());
      rows_ = std::move(*more);
      at_ = 0;
      if (rows_.empty()) return std::nullopt;
      after_ = rows_.back().sequence;
    }
    return rows_[at_++];
  }

private:
  ReceiptStore& store_;
  std::uint64_t after_;
  const ReadOptions options_;
  std::vector<MoneyRow> rows_;
  size_t at_ = 0;
};

/// Which receipts retention may have dropped.
class Dropped {
public:
  Dropped(ReceiptStore& store, const ReadOptions& options) : store_(store), options_(options) {}

  Result<bool> may_have(const model::Receipt& receipt) {
    const auto known = before_.find(receipt.tenant);
    if (known != before_.end()) return receipt.created_at < known->second;
    const auto before = store_.dropped_before(receipt.tenant, options_);
    if (!before) return std::unexpected(before.error());
    before_.emplace(receipt.tenant, *before);
    return receipt.created_at < *before;
  }

private:
  ReceiptStore& store_;
  const ReadOptions options_;
  std::map<std::string, WallTime, std::less<>> before_;
};

std::unexpected<Error> differs(std::string_view receipt_id, std::uint64_t sequence, std::string_view how) {
  return fail(Code::kCorrupt, fmt::format("the store differs from the journal at receipt {} (sequence {}): {}",
                                          receipt_id, sequence, how));
}

Result<> same(const StoredReceipt& stored, const std::optional<MoneyRow>& row) {
  const model::Receipt& r = stored.receipt;
  const auto wrong = [&](std::string_view how) { return differs(r.receipt_id, stored.sequence, how); };
  if (!row || row->sequence > stored.sequence) return wrong("it is not in the store");
  if (row->sequence < stored.sequence) return differs(row->receipt_id, row->sequence, "it is not in the journal");
  if (row->receipt_id != r.receipt_id) return wrong(fmt::format("the store has {} there", row->receipt_id));
  if (row->tenant != r.tenant)
    return wrong(fmt::format("tenant is '{}' in the store, '{}' in the journal", row->tenant, r.tenant));
  if (row->created_at != r.created_at) return wrong("created_at differs");
  if (row->count != std::max<std::int64_t>(r.count, 1)) return wrong("count differs");
  if (row->cost == r.cost.total) return {};
  return wrong(
      fmt::format("cost is {} in the store, {} in the journal", money_text(row->cost), money_text(r.cost.total)));
}

void fold(const StoredReceipt& stored, VerifyReport& report) {
  const model::Receipt& r = stored.receipt;
  DayTotal& day = report.totals[{r.tenant, day_of(r.created_at)}];
  day.requests += std::max<std::int64_t>(r.count, 1);
  day.cost += r.cost.total ? r.cost.total->value() : 0;
  day.unknown += r.cost.total ? 0 : 1;
  ++report.receipts;
  report.cost += r.cost.total ? r.cost.total->value() : 0;
  report.last_sequence = stored.sequence;
}

template <class T>
T cell_or(const Cell& cell, T otherwise) {
  const auto* value = std::get_if<T>(&cell);
  return value != nullptr ? *value : otherwise;
}

/// What the query says about one day, for every tenant.
Result<> check_day(ReceiptStore& store, const std::string& day, const Totals& expected, const ReadOptions& options) {
  Query query;
  query.measures = {Measure::kRequests, Measure::kCost, Measure::kUnknownCost};
  query.dimensions = {{Dimension::kTenant, ""}};
  const WallTime from = *parse_rfc3339(day);
  query.range = {from, from + std::chrono::days(1)};
  query.limit = kMaxGroups;
  const auto table = store.query(query, Scope::all(), options);
  if (!table) return std::unexpected(table.error());
  for (const auto& row : table->rows) {
    const std::string& tenant = std::get<std::string>(row[0]);
    const DayTotal got{cell_or(row[1], std::int64_t{0}), cell_or(row[2], Money{}).picodollars,
                       cell_or(row[3], std::int64_t{0})};
    const auto found = expected.find({tenant, day});
    if (found != expected.end() && found->second == got) continue;
    return fail(
        Code::kCorrupt,
        fmt::format(
            "the store's total of tenant '{}' on {} is {} requests, {} USD; the journal says {} requests, {} USD",
            tenant, day, got.requests, usd_sum(got.cost), found == expected.end() ? 0 : found->second.requests,
            usd_sum(found == expected.end() ? 0 : found->second.cost)));
  }
  return {};
}

Result<> check_totals(ReceiptStore& store, const Totals& totals, const std::string& first_day,
                      const ReadOptions& options) {
  std::map<std::string, size_t> days;
  for (const auto& [key, total] : totals) {
    if (key.second >= first_day) ++days[key.second];
  }
  for (const auto& [day, tenants] : days) {
    if (auto checked = check_day(store, day, totals, options); !checked) return checked;
  }
  return {};
}

} // namespace

Result<VerifyReport> verify_store(ReceiptStore& store, const NextReceipt& next, const Kept& kept,
                                  const ReadOptions& options) {
  const std::uint64_t after = kept.after;
  const std::uint64_t loaded = store.mark().sequence;
  StoreRows rows(store, after, options);
  Dropped dropped(store, options);
  VerifyReport report;
  auto row = rows.next();
  while (true) {
    const auto stored = next();
    if (!stored) return std::unexpected(stored.error());
    if (!*stored || (**stored).sequence > loaded) break;
    if ((**stored).sequence <= after) continue;
    if (!row) return std::unexpected(row.error());
    fold(**stored, report);
    if (!*row || (**row).sequence > (**stored).sequence) {
      const auto gone = dropped.may_have((**stored).receipt);
      if (!gone) return std::unexpected(gone.error());
      if (*gone) continue; // the roll-ups still count it
    }
    if (auto equal = same(**stored, *row); !equal) return std::unexpected(equal.error());
    row = rows.next();
  }
  if (!row) return std::unexpected(row.error());
  if (*row && (**row).sequence <= loaded)
    return differs((**row).receipt_id, (**row).sequence, "it is not in the journal");
  auto equal = check_totals(store, report.totals, kept.first_whole_day, options);
  if (equal) return report;
  const auto newer = store.scan(loaded, 1, options);
  if (!newer) return std::unexpected(newer.error());
  if (newer->empty()) return std::unexpected(equal.error());
  return report; // the loader went on meanwhile: the totals hold receipts that the fold does not
}

} // namespace kairos::store
