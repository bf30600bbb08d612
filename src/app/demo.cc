#include "app/demo.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>

#include "app/demo_config.h"
#include "app/demo_history.h"
#include "app/failed.h"
#include "app/server.h"
#include "app/signals.h"
#include "config/load.h"
#include "journal/data_dir_lock.h"
#include "sim/sim_server.h"
#include "sim/traffic.h"

namespace kairos::app {
namespace {

namespace fs = std::filesystem;
constexpr const char* kConfigFile = "demo.yaml";         // marks the folder as the demo's own
constexpr const char* kHistoryFile = "history-complete"; // its history was written to the end
/// Past so many, receipts show fewer candidates: what a large history is for is its number.
constexpr int kManyReceiptsPerDay = 20'000;
constexpr size_t kCandidatesOfMany = 4;

bool is_loopback(const std::string& listen) {
  const std::string host = listen.substr(0, listen.rfind(':'));
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string random_key() {
  std::random_device device;
  std::string key = "kr-";
  for (int i = 0; i < 4; ++i) key += fmt::format("{:08x}", device());
  return key;
}

DemoPlan make_plan(const DemoArguments& arguments, std::uint16_t sim_port) {
  DemoPlan plan;
  plan.listen = arguments.listen;
  plan.data_dir = fs::absolute(arguments.data_dir).string();
  plan.sim_port = sim_port;
  plan.scale = static_cast<double>(arguments.receipts_per_day) / kDemoReceiptsPerDay;
  plan.real = real_providers();
  plan.admin_key = plan.real.empty() ? "kr-demo" : random_key();
  for (const std::string& tenant : demo_tenants()) plan.keys[tenant] = random_key();
  return plan;
}

bool is_demo_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kConfigFile, ignored);
}

/// Deletes a folder that a demo has made, and nothing else.
Result<void> clear_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return {};
  if (!is_demo_folder(folder))
    return fail(Code::kConflict,
                fmt::format("{} was not made by `kairosroute demo`; nothing is deleted", folder.string()));
  const auto lock = journal::DataDirLock::acquire(folder.string());
  if (!lock) return std::unexpected(lock.error());
  fs::remove_all(folder, error);
  if (error) return fail(Code::kIo, fmt::format("deleting {}: {}", folder.string(), error.message()));
  return {};
}

/// A folder for the demo: new, empty, or one that a demo has made. A history that was cut short is begun anew.
Result<void> prepare_folder(const fs::path& folder, bool wants_history) {
  std::error_code error;
  const bool is_new = !fs::exists(folder, error) || fs::is_empty(folder, error);
  if (!is_new && !is_demo_folder(folder))
    return fail(Code::kConflict,
                fmt::format("{} holds something else than a demo; give --data-dir another folder", folder.string()));
  if (!is_new && wants_history && !fs::exists(folder / kHistoryFile, error)) {
    if (auto cleared = clear_folder(folder); !cleared) return cleared;
  }
  fs::create_directories(folder, error);
  if (error) return fail(Code::kIo, fmt::format("making {}: {}", folder.string(), error.message()));
  return {};
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail(Code::kIo, fmt::format("writing {}: check that the folder is writable", path.string()));
  std::error_code ignored;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, ignored);
  return {};
}

/// Once per data folder.
Result<void> ensure_history(const DemoArguments& arguments) {
  const fs::path folder = arguments.data_dir;
  const int days = arguments.history_days;
  std::error_code ignored;
  if (days == 0 || fs::exists(folder / kHistoryFile, ignored)) return {};
  const auto snapshot = config::load_file((folder / kConfigFile).string(), config::process_environment());
  if (!snapshot) return std::unexpected(snapshot.error());
  const auto lock = journal::DataDirLock::acquire((*snapshot)->data_dir);
  if (!lock) return std::unexpected(lock.error());
  const auto began = std::chrono::steady_clock::now();
  HistoryOptions options;
  options.days = days;
  options.receipts_per_day = arguments.receipts_per_day;
  if (arguments.receipts_per_day > kManyReceiptsPerDay) options.candidates = kCandidatesOfMany;
  options.now = SystemClock().wall_now();
  const auto made = write_history(*snapshot, options);
  if (!made) return std::unexpected(made.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print("made {} days of demo history: {} receipts in {:.1f} s\n", days, *made, seconds);
  return write_file(folder / kHistoryFile, fmt::format("{} receipts\n", *made));
}

void greet(const DemoPlan& plan, const std::string& address) {
  fmt::print("KairosRoute listens on {}\n", address);
  fmt::print("dashboard: {}/   key: {}\n", address, plan.admin_key);
  if (plan.real.empty())
    fmt::print("all models are simulated; set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, … to use real ones\n");
  for (const std::string& id : plan.real)
    fmt::print("{} is used for real by this key, at most $1 a day for each model; the key is new at each start\n", id);
  fmt::print("try:\n  curl {}/v1/chat/completions -H 'Authorization: Bearer {}' \\\n    -d "
             "'{{\"model\":\"auto\",\"messages\":[{{\"role\":\"user\",\"content\":\"Say hello\"}}]}}'\n",
             address, plan.admin_key);
  std::fflush(stdout);
}

sim::SimOptions sim_options() {
  sim::SimOptions options;
  options.latency_scale = 1;
  options.most_words = 320;
  options.error_rate = 0.006;
  options.rate_limit_rate = 0.003;
  return options;
}

sim::TrafficOptions traffic_options(const DemoPlan& plan, const std::string& address, double rate) {
  sim::TrafficOptions options;
  if (const auto url = net::parse_url(address)) options.origin = url->origin;
  options.keys = plan.keys;
  options.rate = rate;
  options.seed = std::random_device{}();
  return options;
}

/// Until a signal: the server, and traffic that goes through its front.
int serve_demo(const DemoArguments& arguments, const DemoPlan& plan, const sigset_t& signals) {
  StartOptions options;
  options.local_hosts_only = true;
  auto server = Server::start((fs::path(arguments.data_dir) / kConfigFile).string(), options);
  if (!server) return failed(server.error());
  net::Loop loop("kr-traffic");
  sim::Traffic traffic(loop, traffic_options(plan, (*server)->address(), arguments.rate), nullptr);
  loop.start();
  if (arguments.rate > 0) traffic.start();
  greet(plan, (*server)->address());
  int number = 0;
  while (sigwait(&signals, &number) == 0 && number == SIGHUP) {
    fmt::print(stderr, "kairosroute: the demo's configuration is its own; SIGHUP changes nothing\n");
  }
  traffic.stop();
  loop.stop();
  (*server)->drain();
  return 0;
}

} // namespace

int run_demo(const DemoArguments& arguments) {
  const fs::path folder = arguments.data_dir;
  if (arguments.clear) {
    const auto cleared = clear_folder(folder);
    if (!cleared) return failed(cleared.error());
    fmt::print("{} is cleared\n", folder.string());
    return 0;
  }
  if (!is_loopback(arguments.listen)) {
    fmt::print(stderr,
               "kairosroute: --listen {}: the demo listens on loopback addresses only, like 127.0.0.1:8787; use "
               "`kairosroute serve` for others\n",
               arguments.listen);
    return 2;
  }
  const sigset_t signals = block_signals();
  net::Loop sim_loop("kr-sim");
  sim::SimServer providers(sim_loop, sim_options());
  sim_loop.start();
  if (const auto listening = providers.listen(); !listening) return failed(listening.error());
  const DemoPlan plan = make_plan(arguments, providers.local_port());
  if (const auto ready = prepare_folder(folder, arguments.history_days > 0); !ready) return failed(ready.error());
  if (const auto written = write_file(folder / kConfigFile, demo_config(plan)); !written)
    return failed(written.error());
  if (const auto ready = ensure_history(arguments); !ready) return failed(ready.error());
  const int code = serve_demo(arguments, plan, signals);
  sim_loop.stop();
  return code;
}

} // namespace kairos::app
