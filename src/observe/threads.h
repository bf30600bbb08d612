// Threads by name, and what CPU time they have used: for tools that look at the process, for benchmarks and metrics.
// Every thread that the process starts has a name of at most 15 bytes; those that a library starts are called as the
// thread that started them. Linux only: reads /proc/self/task. Any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace kairos::observe {

/// Cut at 15 bytes, as the system has no room for more.
void name_this_thread(std::string_view name);

/// For threads that follow the journal: where cores are short, those that serve requests come first. The thread's share
/// of a contended core falls to a quarter, never to nothing, and it leaves a core at once to a thread that wakes (since
/// Linux 6.12; before, mostly). Cannot be taken back; threads that it starts inherit it.
void give_way_to_requests();

/// While it lives, threads that the current thread starts are called `name`, unless they give themselves another.
class NewThreadsAre {
public:
  explicit NewThreadsAre(std::string_view name);
  ~NewThreadsAre();
  NewThreadsAre(const NewThreadsAre&) = delete;
  NewThreadsAre& operator=(const NewThreadsAre&) = delete;

private:
  std::string before_;
};

/// Seconds of CPU time of the threads that run now, summed by name. Costs some ten microseconds a thread. Empty where
/// the system does not say.
std::map<std::string, double> thread_cpu_seconds();

} // namespace kairos::observe
