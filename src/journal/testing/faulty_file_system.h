// FaultyFileSystem: a file system in memory that fails as told and crashes, for tests. Thread-safe.
// A power failure forgets what was not synced: bytes, sizes and names. After crash() all open files are dead; open
// anew.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "journal/file_system.h"

namespace kairos::journal {

enum class CrashMode : std::uint8_t {
  kKill,         // kill -9: all that was written stays
  kPowerFailure, // only what was synced stays
  kTornSectors,  // power failure, but some unsynced 512-byte sectors made it to the disk, in any order (by seed)
};

class FaultyFileSystem final : public FileSystem {
public:
  explicit FaultyFileSystem(std::uint64_t seed = 1) : random_(seed) {}

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<> make_folder(const std::string& path) override;
  Result<> remove(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> sync_folder(const std::string& path) override;

  /// The process dies (if it has not by die_after…); the faults told below are over.
  void crash(CrashMode mode);
  /// After so many further changes (writes, syncs, truncates, names), or so many bytes written, every call fails.
  void die_after_changes(std::uint64_t changes);
  void die_after_bytes(std::uint64_t bytes);
  bool dead() const;
  /// Writes beyond this many bytes in all files together fail, half done, with "no space left"; nullopt: room enough.
  void set_capacity(std::optional<std::uint64_t> bytes);
  void fail_syncs(bool fail);
  void fail_truncates(bool fail);

  /// For tests that look at or damage bytes. nullopt: no such file.
  std::optional<std::string> content(const std::string& path) const;
  void set_content(const std::string& path, std::string bytes);
  /// Changes made so far.
  std::uint64_t changes() const;

private:
  friend class FaultyFile;
  struct Node {
    std::string now;
    std::string synced;
  };
  using NodePtr = std::shared_ptr<Node>;

  Result<> change(const std::string& path);
  Result<> write(Node& node, const std::string& path, std::uint64_t offset, std::string_view bytes);
  std::uint64_t used() const;
  void tear(Node& node);

  mutable std::mutex mutex_;
  std::map<std::string, NodePtr> names_;
  std::map<std::string, NodePtr> synced_names_;
  std::uint64_t generation_ = 0; // files opened before the last crash are dead
  std::uint64_t changes_ = 0;
  std::optional<std::uint64_t> changes_left_;
  std::optional<std::uint64_t> bytes_left_;
  std::optional<std::uint64_t> capacity_;
  bool dead_ = false;
  bool fail_syncs_ = false;
  bool fail_truncates_ = false;
  std::mt19937_64 random_;
};

} // namespace kairos::journal
