// ReceiptStore: the projection of the journal that answers questions. Seam: duckdb/ (and, later, ClickHouse).
// One loader thread calls append(); any thread may read meanwhile, each read sees one consistent state.
// Whatever is in it can be rebuilt from the journal. A Scope is demanded by every read on behalf of somebody.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/receipt.h"
#include "store/query.h"
#include "store/scope.h"
#include "store/search.h"

namespace kairos::store {

/// One closed receipt as the journal has it.
struct StoredReceipt {
  model::Receipt receipt;
  std::uint64_t sequence = 0;
  JournalPlace place;
};

/// How far loading has come; kept in the same transaction as the rows.
struct LoadMark {
  std::uint64_t sequence = 0; // of the last receipt loaded; 0: none
  JournalPlace next;          // where reading the journal goes on
  bool operator==(const LoadMark&) const = default;
};

/// Every read has an end: kTimeout after `timeout`, kCancelled once `cancel` is requested.
struct ReadOptions {
  std::chrono::milliseconds timeout{5000};
  std::stop_token cancel;
};

/// What verify compares with the journal, row by row.
struct MoneyRow {
  std::uint64_t sequence = 0;
  std::string receipt_id;
  std::string tenant;
  WallTime created_at{};
  std::int64_t count = 1;
  std::optional<Picodollars> cost;
};

class ReceiptStore {
public:
  virtual ~ReceiptStore() = default;

  /// Loader only. All or nothing, with the mark; receipts whose sequence is not above the stored one are skipped, so
  /// that loading the same piece of journal twice changes nothing.
  virtual Result<> append(std::span<const StoredReceipt> receipts, const JournalPlace& next) = 0;
  virtual LoadMark mark() const = 0;

  virtual Result<Table> query(const Query& query, const Scope& scope, const ReadOptions& options) = 0;
  virtual Result<Page> search(const Search& search, const Scope& scope, const ReadOptions& options) = 0;
  /// kNotFound also for another tenant's receipt.
  virtual Result<Found> find(std::string_view receipt_id, const Scope& scope, const ReadOptions& options) = 0;
  virtual Result<std::vector<Facet>> facets(const Scope& scope) = 0;
  /// Everybody's rows with a sequence above `after`, in sequence order, at most `limit`: for verify and reconcile.
  virtual Result<std::vector<MoneyRow>> scan(std::uint64_t after, size_t limit, const ReadOptions& options) = 0;
};

} // namespace kairos::store
