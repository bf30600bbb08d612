// DataDirLock: one process at a time has a data folder open for writing. Held until destroyed; freed by the system if
// the process dies.
#pragma once

#include <string>

#include "base/result.h"

namespace kairos::journal {

class DataDirLock {
public:
  /// Makes the folder if needed. kConflict names the process that holds it.
  static Result<DataDirLock> acquire(const std::string& data_dir);
  DataDirLock(DataDirLock&& other) noexcept;
  DataDirLock& operator=(DataDirLock&& other) noexcept;
  ~DataDirLock();

private:
  explicit DataDirLock(int fd) : fd_(fd) {}
  int fd_;
};

} // namespace kairos::journal
