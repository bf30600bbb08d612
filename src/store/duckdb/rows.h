// Receipts → rows of the tables. Pure but for the dictionary, which learns the names.
#pragma once

#include <vector>

#include "store/duckdb/names.h"
#include "store/duckdb/schema.h"
#include "store/receipt_store.h"

namespace kairos::store {

struct RowBatch {
  std::vector<HotRow> receipts;
  std::vector<AttemptRow> attempts;
  std::vector<TagRow> tags;
};

/// kCorrupt if the receipt's id or trace id is malformed; nothing was added to the batch then.
Result<> add_rows(const StoredReceipt& stored, Names& names, RowBatch& batch);

/// The two halves of a ULID as the table has them, and back.
struct IdHalves {
  std::int64_t high = 0;
  std::int64_t low = 0;
};
std::optional<IdHalves> id_halves(std::string_view receipt_id);
std::string receipt_id_of(const IdHalves& id);
/// 32 hex digits; nullopt if they are not.
std::optional<IdHalves> trace_halves(std::string_view trace_id);

} // namespace kairos::store
