#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "alerts/service.h"
#include "app/demo_commands.h"
#include "app/ledger_commands.h"
#include "app/server.h"
#include "app/signals.h"
#include "app/verify_command.h"
#include "base/hex.h"
#include "config/load.h"
#include "journal/data_dir_lock.h"
#include "journal/verify.h"
#include "model/receipt_json.h"
#include "observe/log.h"
#include "store/duckdb/duckdb_store.h"

namespace kairos::app {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "kairosroute: {}\n", error.message);
  return 1;
}

int check(const std::string& path) {
  const auto loaded = config::load_file(path, config::process_environment());
  if (!loaded) return failed(loaded.error());
  if (const auto alerts = alerts::check((*loaded)->alerts); !alerts) return failed(alerts.error());
  for (const std::string& warning : (*loaded)->warnings) fmt::print("warning: {}\n", warning);
  fmt::print("{}: good; {} targets, {} tenants, {} budgets\n", path, (*loaded)->targets.size(), (*loaded)->tenants.size(), (*loaded)->budgets.size());
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

std::string text_of(const journal::Entry& entry) {
  return model::with_integrity(entry.payload, {entry.sequence, to_hex(entry.prev_hash), to_hex(entry.hash)});
}

/// Prints the closed receipts of a data folder, oldest first: all, or the one with this id.
int print_receipts(const std::string& data_dir, const std::string& only) {
  journal::PosixFileSystem files;
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  const auto wanted = parse_receipt_id(only);
  if (!only.empty() && !wanted) return failed({Code::kInvalid, fmt::format("'{}' is not a receipt id like rcpt_01JKEZ4F9T8QX2M7RA11111111", only)});
  journal::Cursor cursor(*reader);
  journal::Entry entry;
  bool found = only.empty();
  while (true) {
    const auto more = cursor.next(entry);
    if (!more) return failed(more.error());
    if (!*more) break;
    if (entry.kind != journal::Kind::kClose || entry.erased || (wanted && entry.receipt != *wanted)) continue;
    found = true;
    fmt::print("{}\n", text_of(entry));
  }
  return found ? 0 : failed({Code::kNotFound, fmt::format("there is no receipt {} in {}", only, data_dir)});
}

int rebuild(const std::string& data_dir) {
  const auto lock = journal::DataDirLock::acquire(data_dir);
  if (!lock) return failed(lock.error());
  if (const auto deleted = store::delete_duckdb(std::filesystem::path(data_dir) / "receipts.duckdb"); !deleted) return failed(deleted.error());
  journal::PosixFileSystem files;
  const auto report = journal::verify(files, data_dir);
  if (!report) return failed(report.error());
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  const auto opened = loaded_store(data_dir, *reader, report->last_sequence);
  if (!opened) return failed(opened.error());
  fmt::print("rebuilt from {} receipts\n", (*opened)->mark().sequence);
  return 0;
}

} // namespace

int run(int argc, char** argv) {
  CLI::App app{"KairosRoute: an LLM router that leaves a receipt for every request"};
  app.require_subcommand(1);
  std::string config_path;
  std::string data_dir = "./data";
  std::string id;
  bool only_check = false;

  CLI::App* serving = app.add_subcommand("serve", "run the server");
  serving->add_option("--config", config_path, "configuration file (config/kairosroute.yaml documents every key)")->required();
  serving->add_flag("--check", only_check, "validate the configuration and exit");
  CLI::App* receipts = app.add_subcommand("receipts", "receipts from a data folder, one JSON object a line");
  receipts->require_subcommand(1);
  receipts->add_option("--data-dir", data_dir, "data folder")->capture_default_str();
  CLI::App* get = receipts->add_subcommand("get", "one receipt");
  get->add_option("ID", id, "receipt id")->required();
  CLI::App* all = receipts->add_subcommand("export", "all of them, oldest first");
  std::string format = "jsonl";
  std::string grain = "receipt";
  all->add_option("--format", format, "jsonl: receipts; csv, focus: ledger rows")->check(CLI::IsMember({"jsonl", "csv", "focus"}))->capture_default_str();
  all->add_option("--grain", grain, "of csv and focus")->check(CLI::IsMember({"hour", "day", "receipt"}))->capture_default_str();
  std::string provider;
  std::string usage_file;
  CLI::App* reconciling = app.add_subcommand("reconcile", "compare a provider's usage export with the receipts");
  reconciling->add_option("--provider", provider, "whose export it is")->required()->check(CLI::IsMember({"openai", "anthropic"}));
  reconciling->add_option("--data-dir", data_dir, "data folder")->capture_default_str();
  bool apply = false;
  reconciling->add_flag("--apply", apply, "correct the receipts that drift and are named by request id; the receipts stay, ledger and budgets follow");
  reconciling->add_option("FILE", usage_file, "usage or cost export: JSON or CSV")->required();
  CLI::App* verifying = app.add_subcommand("verify", "check the journal, and that store, ledger and budgets equal it; asks the server, if one runs");
  verifying->add_option("DIR", data_dir, "data folder")->required();
  CLI::App* rebuilding = app.add_subcommand("rebuild", "make the store anew from the journal");
  rebuilding->add_option("DIR", data_dir, "data folder")->required();
  DemoCommands demo(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (const auto code = demo.run()) return *code;
  if (*serving) return only_check ? check(config_path) : serve(config_path);
  if (*get) return print_receipts(data_dir, id);
  if (*all) return format == "jsonl" ? print_receipts(data_dir, "") : print_ledger(data_dir, format, grain);
  if (*reconciling) return reconcile(data_dir, provider, usage_file, apply);
  if (*verifying) return verify(data_dir);
  return rebuild(data_dir);
}

} // namespace kairos::app
