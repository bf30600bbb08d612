// The commands demo, sim and traffic. Each returns the process's exit code.
#pragma once

#include <cstdint>
#include <string>

namespace kairos::app {

inline constexpr int kDemoReceiptsPerDay = 1100;

struct DemoArguments {
  std::string listen = "127.0.0.1:8787";
  std::string data_dir = "./demo-data";
  int history_days = 90;
  int receipts_per_day = kDemoReceiptsPerDay; // of the history, on average
  double rate = 0.2;                          // generated requests a second; 0: none
  bool clear = false;
};
int run_demo(const DemoArguments& arguments);

struct SimArguments {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint64_t seed = 1;
  double latency_scale = 1;
  double error_rate = 0;
  double rate_limit_rate = 0;
};
int run_sim(const SimArguments& arguments);

struct TrafficArguments {
  std::string url = "http://127.0.0.1:8787";
  std::string key = "kr-demo";
  std::uint64_t requests = 100;
  double rate = 10;
  std::uint64_t concurrency = 32;
  std::uint64_t seed = 1;
};
int run_traffic(const TrafficArguments& arguments);

} // namespace kairos::app
