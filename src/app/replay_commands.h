// `kairosroute replay …` and `kairosroute simulate-policy …`. replay asks the running server; simulate-policy reads the
// journal of a data folder by itself, whether a server runs on it or not.
#pragma once

#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace kairos::app {

class ReplayCommands {
public:
  explicit ReplayCommands(CLI::App& app);
  ~ReplayCommands();
  /// The exit code; nullopt if none of these was asked for.
  std::optional<int> run();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::app
