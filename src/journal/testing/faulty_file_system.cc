#include "journal/testing/faulty_file_system.h"

#include <algorithm>

namespace kairos::journal {
namespace {

constexpr size_t kSector = 512;

std::unexpected<Error> io(const std::string& path, const std::string& why) {
  return fail(Code::kIo, path + ": " + why);
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

} // namespace

class FaultyFile final : public File {
public:
  FaultyFile(FaultyFileSystem& system, FaultyFileSystem::NodePtr node, std::string path, bool writable)
      : system_(system), node_(std::move(node)), path_(std::move(path)), writable_(writable),
        generation_(system.generation_) {}

  Result<size_t> read(std::uint64_t offset, std::span<char> into) override {
    const std::scoped_lock lock(system_.mutex_);
    if (auto good = alive(); !good) return std::unexpected(good.error());
    const std::string& bytes = node_->now;
    const size_t from = static_cast<size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    return bytes.copy(into.data(), into.size(), from);
  }
  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    const std::scoped_lock lock(system_.mutex_);
    if (auto good = alive(); !good) return good;
    if (!writable_) return io(path_, "opened for reading");
    return system_.write(*node_, path_, offset, bytes);
  }
  Result<> sync() override {
    const std::scoped_lock lock(system_.mutex_);
    if (auto good = alive(); !good) return good;
    if (auto good = system_.change(path_); !good) return good;
    if (system_.fail_syncs_) return io(path_, "input/output error while syncing");
    node_->synced = node_->now;
    return {};
  }
  Result<> truncate(std::uint64_t size) override {
    const std::scoped_lock lock(system_.mutex_);
    if (auto good = alive(); !good) return good;
    if (auto good = system_.change(path_); !good) return good;
    if (system_.fail_truncates_) return io(path_, "input/output error while truncating");
    node_->now.resize(static_cast<size_t>(size));
    return {};
  }
  Result<std::uint64_t> size() override {
    const std::scoped_lock lock(system_.mutex_);
    if (auto good = alive(); !good) return std::unexpected(good.error());
    return node_->now.size();
  }

private:
  Result<> alive() const {
    if (system_.dead_ || generation_ != system_.generation_) return io(path_, "the machine is down");
    return {};
  }

  FaultyFileSystem& system_;
  const FaultyFileSystem::NodePtr node_;
  const std::string path_;
  const bool writable_;
  const std::uint64_t generation_;
};

Result<> FaultyFileSystem::change(const std::string& path) {
  if (dead_) return io(path, "the machine is down");
  if (changes_left_ && *changes_left_ == 0) {
    dead_ = true;
    return io(path, "the machine is down");
  }
  if (changes_left_) *changes_left_ -= 1;
  changes_ += 1;
  return {};
}

std::uint64_t FaultyFileSystem::used() const {
  std::uint64_t sum = 0;
  for (const auto& [path, node] : names_) sum += node->now.size();
  return sum;
}

Result<> FaultyFileSystem::write(Node& node, const std::string& path, std::uint64_t offset, std::string_view bytes) {
  if (auto good = change(path); !good) return good;
  size_t room = bytes.size();
  const size_t end = static_cast<size_t>(offset) + bytes.size();
  if (capacity_ && end > node.now.size()) {
    const std::uint64_t in_use = used();
    const std::uint64_t left = *capacity_ - std::min(*capacity_, in_use);
    const std::uint64_t grows = end - node.now.size();
    if (grows > left) room -= std::min<size_t>(room, static_cast<size_t>(grows - left));
  }
  const bool full = room < bytes.size();
  if (bytes_left_ && *bytes_left_ < room) {
    room = static_cast<size_t>(*bytes_left_);
    dead_ = true;
  }
  if (bytes_left_) *bytes_left_ -= room;
  if (room > 0) {
    if (node.now.size() < offset + room) node.now.resize(static_cast<size_t>(offset) + room);
    node.now.replace(static_cast<size_t>(offset), room, bytes.substr(0, room));
  }
  if (dead_) return io(path, "the machine is down");
  if (full) return io(path, "no space left on device");
  return {};
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode) {
  const std::scoped_lock lock(mutex_);
  if (dead_) return io(path, "the machine is down");
  const auto found = names_.find(path);
  if (mode != OpenMode::kCreate) {
    if (found == names_.end()) return fail(Code::kNotFound, path + ": no such file");
    return std::make_unique<FaultyFile>(*this, found->second, path, mode == OpenMode::kWrite);
  }
  if (auto good = change(path); !good) return std::unexpected(good.error());
  NodePtr& node = names_[path];
  if (!node) node = std::make_shared<Node>();
  node->now.clear();
  return std::make_unique<FaultyFile>(*this, node, path, true);
}

Result<std::vector<std::string>> FaultyFileSystem::list(const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  if (dead_) return io(folder, "the machine is down");
  std::vector<std::string> out;
  for (const auto& [path, node] : names_) {
    if (folder_of(path) == folder) out.push_back(path.substr(folder.size() + 1));
  }
  return out;
}

Result<> FaultyFileSystem::make_folder(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (dead_) return io(path, "the machine is down");
  return {}; // folders exist as soon as something is in them
}

Result<> FaultyFileSystem::remove(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (auto good = change(path); !good) return good;
  if (names_.erase(path) == 0) return fail(Code::kNotFound, path + ": no such file");
  return {};
}

Result<> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  if (auto good = change(from); !good) return good;
  const auto found = names_.find(from);
  if (found == names_.end()) return fail(Code::kNotFound, from + ": no such file");
  names_[to] = found->second;
  names_.erase(from);
  return {};
}

Result<> FaultyFileSystem::sync_folder(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (auto good = change(path); !good) return good;
  if (fail_syncs_) return io(path, "input/output error while syncing");
  const auto in_folder = [&](const auto& entry) { return folder_of(entry.first) == path; };
  std::erase_if(synced_names_, in_folder);
  for (const auto& entry : names_) {
    if (in_folder(entry)) synced_names_.insert(entry);
  }
  return {};
}

// Each unsynced sector is on the disk or not; the file is as long as the last one that is.
void FaultyFileSystem::tear(Node& node) {
  const std::string written = node.now;
  node.now = node.synced;
  for (size_t at = 0; at < written.size(); at += kSector) {
    const size_t size = std::min(kSector, written.size() - at);
    const bool same = written.compare(at, size, node.synced, std::min(at, node.synced.size()), size) == 0;
    if (same || random_() % 2 == 0) continue;
    if (node.now.size() < at + size) node.now.resize(at + size);
    node.now.replace(at, size, written, at, size);
  }
}

void FaultyFileSystem::crash(CrashMode mode) {
  const std::scoped_lock lock(mutex_);
  generation_ += 1;
  dead_ = fail_syncs_ = fail_truncates_ = false;
  changes_left_.reset();
  bytes_left_.reset();
  capacity_.reset();
  if (mode != CrashMode::kKill) names_ = synced_names_;
  for (auto& [path, node] : names_) {
    if (mode == CrashMode::kPowerFailure) node->now = node->synced;
    if (mode == CrashMode::kTornSectors) tear(*node);
    node->synced = node->now;
  }
  synced_names_ = names_;
}

void FaultyFileSystem::die_after_changes(std::uint64_t changes) {
  const std::scoped_lock lock(mutex_);
  changes_left_ = changes;
}
void FaultyFileSystem::die_after_bytes(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  bytes_left_ = bytes;
}
bool FaultyFileSystem::dead() const {
  const std::scoped_lock lock(mutex_);
  return dead_;
}
void FaultyFileSystem::set_capacity(std::optional<std::uint64_t> bytes) {
  const std::scoped_lock lock(mutex_);
  capacity_ = bytes;
}
void FaultyFileSystem::fail_syncs(bool fail) {
  const std::scoped_lock lock(mutex_);
  fail_syncs_ = fail;
}
void FaultyFileSystem::fail_truncates(bool fail) {
  const std::scoped_lock lock(mutex_);
  fail_truncates_ = fail;
}
std::optional<std::string> FaultyFileSystem::content(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return std::nullopt;
  return found->second->now;
}
void FaultyFileSystem::set_content(const std::string& path, std::string bytes) {
  const std::scoped_lock lock(mutex_);
  NodePtr& node = names_[path];
  if (!node) node = std::make_shared<Node>();
  node->now = node->synced = std::move(bytes);
  synced_names_[path] = node;
}
std::uint64_t FaultyFileSystem::changes() const {
  const std::scoped_lock lock(mutex_);
  return changes_;
}

} // namespace kairos::journal
