#include "app/demo_commands.h"

#include <CLI/CLI.hpp>

namespace kairos::app {

DemoCommands::DemoCommands(CLI::App& app) {
  add_demo(app);
  add_sim(app);
  add_traffic(app);
}

void DemoCommands::add_demo(CLI::App& app) {
  demoing_ = app.add_subcommand("demo", "a server with simulated providers, traffic and a history, to look around");
  demoing_->add_option("--listen", demo_.listen, "HOST:PORT, loopback only")->capture_default_str();
  demoing_->add_option("--data-dir", demo_.data_dir, "the demo's own data folder")->capture_default_str();
  demoing_->add_option("--history", demo_.history_days, "days of history to make at the first start; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0, 730));
  demoing_
      ->add_option("--receipts-per-day", demo_.receipts_per_day,
                   "of the history, on average; the tenants' caps are in proportion, so give it at later starts too")
      ->capture_default_str()
      ->check(CLI::Range(100, 1'000'000));
  demoing_->add_option("--rate", demo_.rate, "generated requests a second; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1000.0));
  demoing_->add_flag("--clear", demo_.clear, "delete the demo's data folder and exit");
}

void DemoCommands::add_sim(CLI::App& app) {
  simulating_ = app.add_subcommand("sim", "simulated providers, for tests and trials");
  simulating_->add_option("--address", sim_.address, "where to listen")->capture_default_str();
  simulating_->add_option("--port", sim_.port, "0: any")->capture_default_str();
  simulating_->add_option("--seed", sim_.seed, "of all answers")->capture_default_str();
  simulating_->add_option("--latency-scale", sim_.latency_scale, "of each model's own pace; 0: answer at once")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0));
  simulating_->add_option("--error-rate", sim_.error_rate, "share of requests that fail with 5xx")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  simulating_->add_option("--429-rate", sim_.rate_limit_rate, "share of requests that are turned away")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
}

void DemoCommands::add_traffic(CLI::App& app) {
  sending_ = app.add_subcommand("traffic", "send realistic requests to a server");
  sending_->add_option("--requests", traffic_.requests, "how many")->required()->check(CLI::Range(1.0, 1e9));
  sending_->add_option("--rate", traffic_.rate, "a second, on average")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 100'000.0));
  sending_->add_option("--url", traffic_.url, "the server")->capture_default_str();
  sending_->add_option("--key", traffic_.key, "API key")->capture_default_str();
  sending_->add_option("--concurrency", traffic_.concurrency, "at most so many at once")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 10'000.0));
  sending_->add_option("--seed", traffic_.seed, "of what is asked")->capture_default_str();
}

std::optional<int> DemoCommands::run() const {
  if (*demoing_) return run_demo(demo_);
  if (*simulating_) return run_sim(sim_);
  if (*sending_) return run_traffic(traffic_);
  return std::nullopt;
}

} // namespace kairos::app
