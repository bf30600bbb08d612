// The alerts' own transactional file: rules and channels made through the API, states, events, messages that wait to be
// sent. Text documents by kind and id, all in memory, behind an append-only log. A commit is one line with a checksum,
// synced before commit() returns; a torn last line (crash) is cut off at open, a damaged one before it is kCorrupt.
//   line 1           "kairosroute-alerts/1"
//   each other line  16 hex digits of SHA-256, a space, a JSON array of [kind, id, text or null]
// Apart from the state store, since half of it changes by the minute and holds receivers' secrets: the file can be read
// by its owner only. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/file_system.h"

namespace kairos::alerts {

struct Put {
  std::string kind;
  std::string id;
  std::optional<std::string> text; // nullopt: remove it
};

class StateFile {
public:
  using Documents = std::map<std::string, std::string>; // by id

  static Result<std::unique_ptr<StateFile>> open(journal::FileSystem& files, const std::string& folder);

  /// All of it or nothing. After a failed write nothing more is taken until the next open: what the file holds is
  /// unknown.
  Result<> commit(const std::vector<Put>& puts);
  const Documents& all(const std::string& kind) const;

private:
  StateFile(journal::FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  std::string path() const { return folder_ + "/alerts.state"; }
  Result<> read();
  Result<> start_anew();
  Result<> apply(std::string_view array);
  Result<> compact();

  static constexpr std::uint64_t kCompactAfter = 4 * 1024 * 1024;

  journal::FileSystem& files_;
  const std::string folder_;
  std::unique_ptr<journal::File> file_;
  std::map<std::string, Documents> kinds_;
  std::uint64_t size_ = 0;
  std::uint64_t compacted_size_ = 0;
  bool broken_ = false;
};

} // namespace kairos::alerts
