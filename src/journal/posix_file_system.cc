#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "journal/file_system.h"

namespace kairos::journal {
namespace {

std::unexpected<Error> system_error(std::string_view what, const std::string& path) {
  const int number = errno;
  return fail(number == ENOENT ? Code::kNotFound : Code::kIo,
              fmt::format("{} {}: {}", what, path, std::generic_category().message(number)));
}

class PosixFile final : public File {
public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<size_t> read(std::uint64_t offset, std::span<char> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("reading", path_);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Result<> write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return system_error("writing", path_);
      offset += static_cast<std::uint64_t>(put);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return {};
  }

  Result<> sync() override {
    if (::fdatasync(fd_) != 0) return system_error("syncing", path_);
    return {};
  }

  Result<> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return system_error("truncating", path_);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return system_error("looking at", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

private:
  const int fd_;
  const std::string path_;
};

int flags_of(OpenMode mode) {
  switch (mode) {
  case OpenMode::kRead:
    return O_RDONLY;
  case OpenMode::kWrite:
    return O_RDWR;
  case OpenMode::kCreate:
    return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

} // namespace

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, OpenMode mode) {
  const int fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0640);
  if (fd < 0) return system_error("opening", path);
  return std::make_unique<PosixFile>(fd, path);
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& folder) {
  DIR* const dir = ::opendir(folder.c_str());
  if (dir == nullptr) return system_error("listing", folder);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir)) { // NOLINT: each call has its own DIR
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(dir);
  return names;
}

Result<> PosixFileSystem::make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return system_error("making the folder", path);
  return {};
}

Result<> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return system_error("removing", path);
  return {};
}

Result<> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error("renaming", from);
  return {};
}

Result<> PosixFileSystem::sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("opening the folder", path);
  const int failed = ::fsync(fd);
  if (failed != 0) {
    auto error = system_error("syncing the folder", path);
    ::close(fd);
    return error;
  }
  ::close(fd);
  return {};
}

} // namespace kairos::journal
