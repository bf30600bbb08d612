// Finding the last CHECKPOINT, and overwriting the payloads of erased receipts. Internal to the journal.
#pragma once

#include <map>
#include <optional>

#include "journal/file_system.h"
#include "journal/reader.h"
#include "journal/recover.h"

namespace kairos::journal {

/// What checkpoint.mark points at; nullopt if there is no mark, or nothing good behind it (then all is scanned).
Result<std::optional<Checkpoint>> load_checkpoint(FileSystem& files, const std::string& data_dir, const Reader& reader);
Result<> save_checkpoint_mark(FileSystem& files, const std::string& data_dir, const Position& position);

/// Receipt → position of its ERASE record; what comes before that is overwritten.
using Erasures = std::map<Ulid, Position>;
/// Reads the journal up to `end` and overwrites in place. Damaged places are passed over (verify names them).
Result<std::uint64_t> overwrite_erased(FileSystem& files, const std::string& data_dir, const Position& end,
                                       const Erasures& erasures);

} // namespace kairos::journal
