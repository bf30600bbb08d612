// Traffic: realistic, mixed requests (workload.h) through a real HTTP front: streams, tools, both dialects, clients
// that leave. Seeded: the same seed asks the same questions in the same order. Runs on the loop that it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/origin.h"

namespace kairos::sim {

struct TrafficOptions {
  net::Origin origin;
  std::string key;                                      // for all tenants …
  std::map<std::string, std::string, std::less<>> keys; // … that have none here
  std::uint64_t requests = 0;                           // 0: until stop()
  double rate = 1;                                      // a second, on average
  size_t concurrency = 32;                              // at most so many at once; what would be more is left out
  std::uint64_t seed = 1;
};

struct TrafficSummary {
  std::uint64_t sent = 0;
  std::uint64_t ok = 0;
  std::uint64_t refused = 0;               // 402 and 429
  std::uint64_t errors = 0;                // other answers, and connections that broke
  std::uint64_t left = 0;                  // clients that did not wait for the end
  std::vector<std::uint32_t> latencies_ms; // of those that were ok; at most a million
};

class Traffic {
public:
  /// `done` is called on the loop when all requests have ended.
  Traffic(net::Loop& loop, TrafficOptions options, std::function<void(const TrafficSummary&)> done);
  ~Traffic(); // after the loop has stopped
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;
  void start();
  /// Sends nothing more; what runs goes on. Any thread.
  void stop();

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace kairos::sim
