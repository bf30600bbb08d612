// Demo traffic: realistic, mixed requests through the real HTTP front at a set rate. Seeded.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace kairos::sim {

struct TrafficOptions {
  std::string url = "http://127.0.0.1:8787"; // of the server, without /v1
  std::vector<std::string> keys;             // used in turn, at random: one per tenant to be simulated
  std::vector<std::string> models;           // asked for beside "auto"
  double auto_share = 0.8;                   // how many requests leave the choice to the router
  std::int64_t requests = 100;               // 0: until `stop`
  double rate = 2;                           // requests a second, with the jitter of independent clients
  size_t in_flight = 64;                     // beyond that new requests wait
  std::uint64_t seed = 1;
  const std::atomic<bool>* stop = nullptr;   // looked at between requests
};

struct TrafficReport {
  std::int64_t sent = 0;
  std::int64_t streamed = 0;
  std::map<int, std::int64_t> by_status; // 0: no answer
  std::int64_t receipts = 0;             // answers that named one
};

/// Blocks until all have been answered.
Result<TrafficReport> send_traffic(const TrafficOptions& options);

} // namespace kairos::sim
