// The bytes of the embedded state's log. Pure: text in, documents out, and back.
//   line 1    "kairosroute-state/1"
//   each other line    checksum, space, JSON array of what one commit changed
// A compacted log's second line begins with "snapshot" and holds documents and the audit entries kept.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "store/state_store.h"

namespace kairos::store {

inline constexpr std::string_view kStateHeader = "kairosroute-state/1\n";

using DocumentKey = std::pair<std::string, std::string>; // kind, id

/// Everything the log says.
struct StateDocuments {
  std::map<DocumentKey, Document> documents;
  std::map<DocumentKey, std::uint64_t> last_versions; // of deleted ones too, so that a version never comes twice
  std::deque<AuditEntry> audit;                       // oldest first
  std::uint64_t next_audit = 1;
};

struct LoadedState {
  StateDocuments state;
  std::uint64_t good_bytes = 0; // what follows is an unfinished write
};

/// The whole file. An unfinished last line is left out; any other damage is kCorrupt and names the byte.
Result<LoadedState> read_state_log(std::string_view text);
/// Applies the array of one line.
Result<> apply_state_line(StateDocuments& state, std::string_view array);

/// One change as it stands in a line's array; `version` is the document's after it.
std::string entry_json(const AuditEntry& entry, std::uint64_t version);
/// The array of a compacted log's only line.
std::string snapshot_of(const StateDocuments& state);
/// Checksum, array, line feed.
std::string state_line(std::string_view array);

} // namespace kairos::store
