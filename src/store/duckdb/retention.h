// Retention and disk use of the DuckDB file. On connections of their own, beside the loader.
#pragma once

#include <filesystem>

#include "store/duckdb/connection.h"
#include "store/duckdb/names.h"
#include "store/receipt_store.h"

namespace kairos::store {

/// Deletes the rows of receipts created before, up to the sequence `rolled` which the roll-ups have, in transactions of
/// at most `kDropPiece` receipts; notes first, in a transaction of its own, that they may be gone. `tenant` -1: all.
Result<std::uint64_t> drop_rows(Connection& connection, std::int32_t tenant, std::int64_t before_us,
                                std::uint64_t rolled, const Deadline& deadline);
inline constexpr std::int64_t kDropPiece = 50'000;

/// Whether there is any receipt of the tenant from before.
Result<bool> has_older(Connection& connection, std::int32_t tenant, std::int64_t before_us, const Deadline& deadline);

Result<WallTime> read_dropped(Connection& connection, std::int32_t tenant, const Deadline& deadline);
Result<DiskUse> read_disk_use(Connection& connection, const std::filesystem::path& file, const Deadline& deadline);

} // namespace kairos::store
