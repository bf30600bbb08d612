#include "journal/data_dir_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace kairos::journal {
namespace {

std::string reason() { return std::generic_category().message(errno); }

std::string holder(int fd) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  std::string_view pid(text.data(), got > 0 ? static_cast<size_t>(got) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return pid.empty() ? "another process" : fmt::format("process {}", pid);
}

} // namespace

Result<DataDirLock> DataDirLock::acquire(const std::string& data_dir) {
  if (::mkdir(data_dir.c_str(), 0750) != 0 && errno != EEXIST) {
    return fail(Code::kIo, fmt::format("making the data folder {}: {}", data_dir, reason()));
  }
  const std::string path = data_dir + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return fail(Code::kIo, fmt::format("opening {}: {}", path, reason()));
  DataDirLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(Code::kIo, fmt::format("locking {}: {}", path, reason()));
    return fail(Code::kConflict, fmt::format("the data folder {} is in use by {}; stop that or choose another data_dir",
                                             data_dir, holder(fd)));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return fail(Code::kIo, fmt::format("writing {}: {}", path, reason()));
  }
  return lock;
}

DataDirLock::DataDirLock(DataDirLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DataDirLock& DataDirLock::operator=(DataDirLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

DataDirLock::~DataDirLock() {
  if (fd_ >= 0) ::close(fd_);
}

} // namespace kairos::journal
