// FileSystem and File: what the journal needs of the operating system. Seam: PosixFileSystem, and FaultyFileSystem in
// tests. Thread-safe but for two calls on one File at once. Errors are kIo (kNotFound for a missing file) and name path
// and reason.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::journal {

enum class OpenMode : std::uint8_t {
  kRead,
  kWrite,  // read and write; must exist
  kCreate, // read and write; made, or emptied if it exists
};

/// An open file, closed by its destructor.
class File {
public:
  virtual ~File() = default;
  /// Bytes read: fewer than asked only at the file's end.
  virtual Result<size_t> read(std::uint64_t offset, std::span<char> into) = 0;
  /// All of it, or an error after which any part of it may have been written.
  virtual Result<> write(std::uint64_t offset, std::string_view bytes) = 0;
  /// Data and size are on disk when this succeeds.
  virtual Result<> sync() = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

class FileSystem {
public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Names in a folder, in no order.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  /// No error if it exists.
  virtual Result<> make_folder(const std::string& path) = 0;
  virtual Result<> remove(const std::string& path) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  /// Names made, renamed and removed in the folder so far are on disk when this succeeds.
  virtual Result<> sync_folder(const std::string& path) = 0;
};

class PosixFileSystem final : public FileSystem {
public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<> make_folder(const std::string& path) override;
  Result<> remove(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> sync_folder(const std::string& path) override;
};

} // namespace kairos::journal
