// The embedded StateStore: everything in memory, behind one append-only log. A commit is one line of the log with a
// checksum, written and fdatasync-ed before commit() returns; a torn last line (crash) is cut off at open, a damaged
// line before the last is kCorrupt. Compaction writes a new file beside it and renames it over. Format: state_log.h.
// Chosen over a second DuckDB file: a few thousand small documents need no engine, and a log of JSON lines can be read,
// and repaired, by a person.
#pragma once

#include <filesystem>
#include <memory>

#include "store/state_store.h"

namespace kairos::store {

struct EmbeddedStateOptions {
  std::filesystem::path file;                           // its folder must exist
  const Clock* clock = nullptr;                         // must outlive the store
  std::uint64_t compact_after_bytes = 16 * 1024 * 1024; // when the log is this long and half of it is history
  size_t keep_audit = 100'000;                          // newest audit entries kept by compaction
};

Result<std::unique_ptr<StateStore>> open_embedded_state(const EmbeddedStateOptions& options);

} // namespace kairos::store
