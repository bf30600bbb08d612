// The running server: everything wired in dependency order, stopped in reverse.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace kairos::app {

struct StartOptions {
  bool local_hosts_only =
      false; // requests whose Host is no loopback name are refused: no page of another site reaches it
};

class Server {
public:
  /// Locks the data folder, recovers the journal, closes what a crash left open, opens the store, listens.
  static Result<std::unique_ptr<Server>> start(const std::string& config_path, const StartOptions& options = {});
  ~Server(); // stops at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string address() const; // http://127.0.0.1:8787
  /// A new configuration for requests from now on; on an error the old one stays.
  Result<void> reload();
  /// Stops accepting and waits for requests that run, at most the configured time.
  void drain();

private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::app
