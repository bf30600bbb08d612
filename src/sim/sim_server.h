// The simulated providers as a server on src/net. Beside the providers' own paths it has
//   POST/DELETE /sim/behaviour  set a behaviour (behaviour.h), forget all
//   GET /sim/requests           what was received last, oldest first: [{"method","path","headers":{},"body"}]
//   DELETE /sim/requests        forget it
//   GET /sim/stats              {"requests":…,"in_flight":…,"held":…}
//   POST /sim/release           lets go what a `hold` keeps
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "sim/engine.h"

namespace kairos::sim {

struct SimServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; // 0: any
  size_t threads = 1;
  bool record = true; // keep the last requests for /sim/requests; benchmarks do without
  EngineOptions engine;
};

class SimServer {
public:
  /// Listens and serves on threads of its own until destroyed.
  static Result<std::unique_ptr<SimServer>> start(const SimServerOptions& options);
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  std::uint16_t port() const;
  SimEngine& engine();

private:
  struct Impl;
  explicit SimServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::sim
