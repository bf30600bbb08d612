#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

#include "alerts/service.h"
#include "app/demo_commands.h"
#include "app/failed.h"
#include "app/ledger_commands.h"
#include "app/rebuild_command.h"
#include "app/receipts_commands.h"
#include "app/replay_commands.h"
#include "app/server.h"
#include "app/signals.h"
#include "app/verify_command.h"
#include "config/load.h"
#include "observe/log.h"

namespace kairos::app {
namespace {

int check(const std::string& path) {
  const auto loaded = config::load_file(path, config::process_environment());
  if (!loaded) return failed(loaded.error());
  if (const auto alerts = alerts::check((*loaded)->alerts); !alerts) return failed(alerts.error());
  for (const std::string& warning : (*loaded)->warnings) fmt::print("warning: {}\n", warning);
  fmt::print("{}: good; {} targets, {} tenants, {} budgets\n", path, (*loaded)->targets.size(),
             (*loaded)->tenants.size(), (*loaded)->budgets.size());
  return 0;
}

int serve(const std::string& path) {
  const sigset_t signals = block_signals();
  auto server = Server::start(path);
  if (!server) return failed(server.error());
  fmt::print("KairosRoute listens on {}\n", (*server)->address());
  std::fflush(stdout);
  int number = 0;
  while (sigwait(&signals, &number) == 0 && number == SIGHUP) {
    const auto reloaded = (*server)->reload();
    if (reloaded) observe::log_info("config", "reloaded");
    if (!reloaded) observe::log_error("config", reloaded.error().message);
  }
  (*server)->drain();
  return 0;
}

} // namespace

int run(int argc, char** argv) {
  CLI::App app{"KairosRoute: an LLM router that leaves a receipt for every request"};
  app.require_subcommand(1);
  std::string config_path;
  std::string data_dir = "./data";
  bool only_check = false;

  CLI::App* serving = app.add_subcommand("serve", "run the server");
  serving->add_option("--config", config_path, "configuration file (config/kairosroute.yaml documents every key)")
      ->required();
  serving->add_flag("--check", only_check, "validate the configuration and exit");
  ReceiptsCommands receipts(app);
  ReplayCommands replays(app);
  std::string provider;
  std::string usage_file;
  CLI::App* reconciling = app.add_subcommand("reconcile", "compare a provider's usage export with the receipts");
  reconciling->add_option("--provider", provider, "whose export it is")
      ->required()
      ->check(CLI::IsMember({"openai", "anthropic"}));
  reconciling->add_option("--data-dir", data_dir, "data folder")->capture_default_str();
  bool apply = false;
  reconciling->add_flag(
      "--apply", apply,
      "correct the receipts that drift and are named by request id; the receipts stay, ledger and budgets follow");
  reconciling->add_option("FILE", usage_file, "usage or cost export: JSON or CSV")->required();
  CLI::App* verifying = app.add_subcommand(
      "verify", "check the journal, and that store, ledger and budgets equal it; asks the server, if one runs");
  verifying->add_option("DIR", data_dir, "data folder")->required();
  CLI::App* rebuilding = app.add_subcommand("rebuild", "make the store anew from the journal");
  rebuilding->add_option("DIR", data_dir, "data folder")->required();
  bool without_dropped = false;
  rebuilding->add_flag("--without-dropped", without_dropped,
                       "also lose rows and sums of receipts that the journal no longer has (journal.keep_days)");
  DemoCommands demo(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (const auto code = demo.run()) return *code;
  if (*serving) return only_check ? check(config_path) : serve(config_path);
  if (const auto code = receipts.run()) return *code;
  if (const auto code = replays.run()) return *code;
  if (*reconciling) return reconcile(data_dir, provider, usage_file, apply);
  if (*verifying) return verify(data_dir);
  return rebuild(data_dir, without_dropped);
}

} // namespace kairos::app
