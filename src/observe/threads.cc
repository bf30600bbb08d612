#include "observe/threads.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace kairos::observe {
namespace {

constexpr size_t kMostName = 15;
constexpr int kBehindRequests = 5; // "nice": a third of the weight of the others
constexpr int kLowest = 19;
// How long such a thread may compute at a stretch, the most that Linux takes. A thread that wakes is let in at once
// where its own stretch, 3 ms as a rule, is the shorter one; else it waits for the running one's to end (EEVDF).
constexpr std::uint64_t kStretchNs = 100'000'000;

/// struct sched_attr of sched_setattr(2), which this C library does not declare.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

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
  // On Linux each thread has a priority of its own; the first one, whose number is the process', never gives way.
  const int nice = std::min(getpriority(PRIO_PROCESS, static_cast<id_t>(getpid())) + kBehindRequests, kLowest);
  SchedulingAttributes wanted;
  wanted.policy = SCHED_BATCH; // does not push others aside when it wakes
  wanted.nice = nice;
  wanted.runtime_ns = kStretchNs; // Linux before 6.12 takes no notice
  if (syscall(SYS_sched_setattr, 0, &wanted, 0U) == 0) return;
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nice));
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
