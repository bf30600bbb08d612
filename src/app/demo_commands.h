// The options of the commands demo, sim and traffic.
#pragma once

#include <optional>

#include "app/demo.h"

namespace CLI {
class App;
}

namespace kairos::app {

class DemoCommands {
public:
  /// Adds them to `app`, which must outlive this.
  explicit DemoCommands(CLI::App& app);
  /// The exit code; nullopt: another command was given.
  std::optional<int> run() const;

private:
  void add_demo(CLI::App& app);
  void add_sim(CLI::App& app);
  void add_traffic(CLI::App& app);

  DemoArguments demo_;
  SimArguments sim_;
  TrafficArguments traffic_;
  CLI::App* demoing_ = nullptr;
  CLI::App* simulating_ = nullptr;
  CLI::App* sending_ = nullptr;
};

} // namespace kairos::app
