// The embedded ReceiptStore: one DuckDB file in the data directory, opened through DuckDB's C API with extensions,
// external access and later configuration changes switched off. One process at a time can open it.
#pragma once

#include <filesystem>
#include <memory>

#include "store/receipt_store.h"

namespace kairos::store {

/// In the data folder.
inline constexpr std::string_view kStoreFile = "receipts.duckdb";

struct DuckDbOptions {
  std::filesystem::path file; // its folder must exist; made if it is not there
  int threads = 2;
  std::int64_t memory_bytes = 1024 * 1024 * 1024; // what it caches counts; at least 64 MiB
  size_t max_concurrent_reads = 8;                // more reads wait for their turn, within their own timeout
  std::int64_t exact_rows = 100'000; // percentiles over so many receipts are exact, over more from sketches
  // Receipts that may be only in the raw rows before the roll-ups are brought up to date, and the same of large ones.
  std::uint64_t rollup_lag = 20'000;
  std::uint64_t rollup_large_lag = 100'000;
  std::int64_t rollup_loose = 100'000;  // rows added to a roll-up before equal keys are packed together
  std::int64_t peaks_from = 12'000'000; // receipts from which on the dearest and slowest are looked for by the hour
};

/// kCorrupt: not a DuckDB file, damaged, or of another schema or a newer version: the message says to run `rebuild`.
/// kConflict: another process has it open.
Result<std::unique_ptr<ReceiptStore>> open_duckdb(const DuckDbOptions& options);

/// Where the journal's kept part begins, for a store that has what came before and is to be made anew behind that.
struct RewindTo {
  std::uint64_t before = 0;   // rows up to this sequence stay …
  JournalPlace next;          // … and loading goes on from there
  std::uint64_t sequence = 0; // up to this one …
  std::uint64_t receipts = 0; // … there must be so many rows, or the roll-ups have receipts that no row can give them
};
/// Takes the other rows out, and all roll-ups, which opening and loading make anew. One transaction; not while it is
/// open. How many rows stayed. kConflict: there are not as many rows as there should be; nothing was changed. Else as
/// open_duckdb.
Result<std::uint64_t> rewind_duckdb(const std::filesystem::path& file, const RewindTo& to);

/// Deletes the file and what belongs to it; the loader then starts from the journal's beginning. Not while it is open.
Result<> delete_duckdb(const std::filesystem::path& file);

} // namespace kairos::store
