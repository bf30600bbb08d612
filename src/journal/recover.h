// recover(): makes a journal folder fit to be written again after whatever ended the last process, and says what it
// found. Call it before Writer::start, holding the DataDirLock; nothing else may use the folder meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/file_system.h"
#include "journal/record.h"

namespace kairos::journal {

/// Something wrong at a place in the journal.
struct Problem {
  Position position;
  std::uint64_t sequence = 0; // of the record, or the last one before it
  std::string what;           // for a person: what is wrong
};

/// A receipt whose OPEN has no CLOSE: the process died in between. The last payload is the receipt as it stands.
struct Unclosed {
  Ulid receipt;
  Position open;
  WallTime opened_at{};
  std::string open_payload;
  std::vector<std::string> attempt_payloads; // in order
  const std::string& last_payload() const { return attempt_payloads.empty() ? open_payload : attempt_payloads.back(); }
};

struct Checkpoint {
  Position position;
  std::uint64_t sequence = 0; // last sequence before it
  Hash head{};                // chain head then
  Position scan_from;         // oldest record that recovery still needs
  std::string payload;        // the caller's folds
};

struct RecoverOptions {
  std::string node_id;        // empty: keep the folder's, or make one. 1 to 32 of A-Z a-z 0-9 . _ -
  bool accept_damage = false; // go on behind damaged places (which stay listed) instead of refusing
};

struct Recovered {
  std::string node_id;
  Position end;                    // where the next record goes; {0,0}: no segment yet
  std::uint64_t last_sequence = 0; // 0: none
  Hash head{};                     // hash of that record; zeros: none
  std::vector<Unclosed> unclosed;  // in the order of their OPENs
  std::optional<Checkpoint> checkpoint;
  std::optional<Problem> cut;  // a torn last write was cut off here; the text says how much
  std::vector<Problem> damage; // only with accept_damage
  std::uint64_t erasures_redone = 0;
  std::uint64_t scanned_bytes = 0;
  std::uint64_t scanned_records = 0;
};

/// Scans from the last CHECKPOINT (everything, if there is none), cuts a torn last write off, finishes erasures.
/// Makes the folder if it does not exist. kCorrupt names segment and byte of damage that is not a torn last write and
/// says what to do; nothing is then changed. kConflict: another node's folder.
Result<Recovered> recover(FileSystem& files, const std::string& data_dir, const RecoverOptions& options = {});

} // namespace kairos::journal
