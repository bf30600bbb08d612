// Writer: the loader's side of the DuckDB file: makes the tables, appends batches and applies what became of receipts
// later, each with the mark in one transaction. One thread.
#pragma once

#include "store/cursor.h"
#include "store/duckdb/connection.h"
#include "store/duckdb/cube_keeper.h"
#include "store/duckdb/names.h"
#include "store/duckdb/rows.h"

namespace kairos::store {

/// What the file says about itself.
struct FileState {
  int version = 0;
  CursorKey cursor_key{};
  LoadMark mark;
};

/// Makes the tables in an empty file; reads what is there otherwise, the dictionary too. kCorrupt if it is not ours.
Result<FileState> prepare_file(Connection& connection, Names& names);

/// One transaction: the rows, the names that are new, the mark. On failure nothing was written.
Result<> write_batch(Connection& connection, const RowBatch& batch, const Names& names, const LoadMark& mark);

/// A correction or erasure, in one transaction: takes the receipt's rows away and out of the roll-ups, and puts the
/// corrected ones (`rows`, one receipt's; none for an erasure) in their place. A receipt that is not there, because it
/// was dropped or erased, stays away.
Result<> write_change(Connection& connection, CubeKeeper& cubes, const IdHalves& id, RowBatch rows,
                      const JournalPlace& place, Names& names, const LoadMark& mark);

} // namespace kairos::store
