// CursorFile: a Position kept in a small checksummed file, replaced atomically. For projections without a transaction
// of their own. One thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "journal/file_system.h"
#include "journal/record.h"

namespace kairos::journal {

class CursorFile {
public:
  CursorFile(FileSystem& files, std::string path) : files_(&files), path_(std::move(path)) {}
  /// nullopt: no such file. kCorrupt: damaged; the projection has to start from the beginning.
  Result<std::optional<Position>> load() const;
  /// After a crash the file holds this or the previous position.
  Result<> save(const Position& position);

private:
  FileSystem* files_;
  std::string path_;
};

} // namespace kairos::journal
