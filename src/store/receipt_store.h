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

enum class StoredEvent : std::uint8_t {
  kClosed,
  kCorrected, // `receipt` is how it stands since, `sequence` and `place` are the CORRECTION's
  kErased,    // only receipt.receipt_id and `place` are set
};

/// One closed receipt as the journal has it, or what became of one later.
struct StoredReceipt {
  model::Receipt receipt;
  std::uint64_t sequence = 0;
  JournalPlace place;
  StoredEvent event = StoredEvent::kClosed;
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

/// Where the bytes are. Tables are measured in whole blocks of the file, so small ones look larger than they are.
struct DiskUse {
  struct Table {
    std::string name;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
  };
  std::int64_t file_bytes = 0;
  std::int64_t free_bytes = 0; // of the file: will be used again
  std::int64_t log_bytes = 0;  // not yet in the file
  std::vector<Table> tables;
};

class ReceiptStore {
public:
  virtual ~ReceiptStore() = default;

  /// Loader only. In order, each step whole and with the mark; what has a sequence that is not above the stored one is
  /// skipped, so that loading the same piece of journal twice changes nothing. A correction replaces its receipt's row,
  /// an erasure deletes it, and the roll-ups follow.
  virtual Result<> append(std::span<const StoredReceipt> receipts, const JournalPlace& next) = 0;
  virtual LoadMark mark() const = 0;

  virtual Result<Table> query(const Query& query, const Scope& scope, const ReadOptions& options) = 0;
  /// Several questions, such as the panels of a view: all answered from the same state, and what they have in common is
  /// read once. As many answers as questions, in their order; each is what query() would say of that state, also where
  /// it is an error. Once the time is up or the asker has left, the rest has that error.
  virtual std::vector<Result<Table>> query_all(std::span<const Query> queries, const Scope& scope,
                                               const ReadOptions& options) = 0;
  virtual Result<Page> search(const Search& search, const Scope& scope, const ReadOptions& options) = 0;
  /// kNotFound also for another tenant's receipt.
  virtual Result<Found> find(std::string_view receipt_id, const Scope& scope, const ReadOptions& options) = 0;
  virtual Result<std::vector<Facet>> facets(const Scope& scope) = 0;
  /// Everybody's rows with a sequence above `after`, in sequence order, at most `limit`: for verify and reconcile.
  virtual Result<std::vector<MoneyRow>> scan(std::uint64_t after, size_t limit, const ReadOptions& options) = 0;

  /// Retention: deletes the rows of receipts created before, of one tenant or of all; the roll-ups keep counting them.
  /// In small pieces beside the loader, which never waits for more than one of them. Returns how many went; on an error
  /// (kTimeout, kCancelled) the pieces before are gone: call it again. Journal segments are not this function's.
  virtual Result<std::uint64_t> drop_receipts(const std::optional<std::string>& tenant, WallTime before,
                                              const ReadOptions& options) = 0;
  /// Of this tenant: receipts created before this are gone; 1970: none.
  virtual Result<WallTime> dropped_before(std::string_view tenant, const ReadOptions& options) = 0;
  virtual Result<DiskUse> disk_use(const ReadOptions& options) = 0;
};

} // namespace kairos::store
