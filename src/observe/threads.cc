#include "observe/threads.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace kairos::observe {
namespace {

constexpr size_t kMostName = 15;
constexpr int kBehindRequests = 5; // "nice": a third of the usual weight

std::string first_line(const std::filesystem::path& file) {
  std::string line;
  std::ifstream in(file);
  std::getline(in, line);
  return line;
}

} // namespace

void name_this_thread(std::string_view name) {
  pthread_setname_np(pthread_self(), std::string(name.substr(0, kMostName)).c_str());
}

void give_way_to_requests() {
  const auto thread = static_cast<id_t>(syscall(SYS_gettid)); // on Linux each thread has a priority of its own
  static_cast<void>(setpriority(PRIO_PROCESS, thread, kBehindRequests));
}

NewThreadsAre::NewThreadsAre(std::string_view name) {
  std::array<char, kMostName + 1> now{};
  if (pthread_getname_np(pthread_self(), now.data(), now.size()) == 0) before_ = now.data();
  name_this_thread(name);
}

NewThreadsAre::~NewThreadsAre() {
  if (!before_.empty()) name_this_thread(before_);
}

std::map<std::string, double> thread_cpu_seconds() {
  std::map<std::string, double> used;
  std::error_code none;
  for (std::filesystem::directory_iterator one("/proc/self/task", none), end; !none && one != end;
       one.increment(none)) {
    const std::string spent = first_line(one->path() / "schedstat"); // nanoseconds first
    std::uint64_t ns = 0;
    if (std::from_chars(spent.data(), spent.data() + spent.size(), ns).ec != std::errc{}) continue; // it has ended
    used[first_line(one->path() / "comm")] += static_cast<double>(ns) / 1e9;
  }
  return used;
}

} // namespace kairos::observe
