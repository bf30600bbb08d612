// `kairosroute receipts …`: receipts in a shell, one JSON object a line. get and export read the journal of a data
// folder by themselves, whether a server runs on it or not; search and tail ask the running server.
#pragma once

#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace kairos::app {

class ReceiptsCommands {
public:
  explicit ReceiptsCommands(CLI::App& app);
  ~ReceiptsCommands();
  /// The exit code; nullopt if none of these was asked for.
  std::optional<int> run();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::app
