// What alerting costs: 1,000 rules, each over some hundred groups, on 20 distinct questions (measure, window,
// grouping), evaluated every 30 seconds over the store that `store_bench` filled. Prints the CPU of an evaluation as a
// share of one core; the first, in which everything begins to fire, apart from those after it. Beside it, what a thread
// that serves requests notices: one that is asked for about 50 us of work each millisecond, between evaluations and
// during them.
//   alerts_bench [--file store_bench.duckdb] [--rules 1000] [--ticks 20]
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "alerts/service.h"
#include "journal/sha256.h"
#include "observe/log.h"
#include "observe/threads.h"
#include "store/duckdb/duckdb_store.h"
#include "store/embedded_state.h"

namespace kairos::alerts {
namespace {

struct Options {
  std::filesystem::path file = "store_bench.duckdb";
  int rules = 1000;
  int ticks = 20;
};

constexpr Duration kEvery = std::chrono::seconds(30);

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "alerts_bench: {}\n", result.error().message);
  std::exit(1);
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Rule i asks question i mod 20; thresholds differ, so that some fire, some hold back and some stay quiet.
config::AlertRule rule_of(int i) {
  constexpr std::array<std::string_view, 5> kMeasures = {"cost", "error_rate", "latency_p95", "fallback_rate",
                                                         "requests"};
  constexpr std::array<std::string_view, 4> kWindows = {"15m", "1h", "6h", "24h"};
  constexpr std::array<std::string_view, 5> kThresholds = {"1", "0.2", "4000", "0.3", "20"};
  const auto question = static_cast<size_t>(i) % 20;
  const size_t measure = question % kMeasures.size();
  const std::string text = fmt::format(
      R"({{"id":"bench-{}","measure":"{}","above":"{}","window":"{}","for":"{}s","group_by":["workflow","category"]}})",
      i, kMeasures[measure], kThresholds[measure], kWindows[question / kMeasures.size()], i % 7 * 30);
  return must(config::parse_alert_rule(text, "rule"));
}

/// A thread that serves: due each millisecond, takes about 50 us of CPU, and notes how long after it was due it was
/// done.
class Serving {
public:
  Serving() : thread_([this](const std::stop_token& stop) { serve(stop); }) {}
  void rules_are_looked_at(bool now) { busy_ = now; }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  /// After stop().
  void print(std::string_view when, bool busy) {
    std::vector<double>& took = took_[busy ? 1 : 0];
    if (took.empty()) return;
    std::ranges::sort(took);
    const auto at = [&](double share) {
      return took[static_cast<size_t>(share * static_cast<double>(took.size() - 1))];
    };
    fmt::print("a request's 50 us of work {}: done after p50 {:.0f} us, p95 {:.0f} us, p99 {:.0f} us ({} requests)\n",
               when, at(0.5), at(0.95), at(0.99), took.size());
  }

private:
  void serve(const std::stop_token& stop) {
    journal::Sha256 sha256;
    journal::Hash sum{};
    auto due = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
      due = std::max(due + std::chrono::milliseconds(1), std::chrono::steady_clock::now());
      std::this_thread::sleep_until(due);
      const bool busy = busy_;
      for (int i = 0; i < kHashes; ++i) sum = sha256({sum});
      const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - due;
      took_[busy ? 1 : 0].push_back(took.count());
    }
  }

  static constexpr int kHashes = 150; // 50 us where this was written
  std::atomic<bool> busy_ = false;
  std::array<std::vector<double>, 2> took_;
  std::jthread thread_;
};

int run(const Options& options) {
  if (auto quiet = observe::set_log_levels("error"); !quiet) return 1;
  const auto store = must(store::open_duckdb({.file = options.file}));
  FakeClock clock(must(store->search(store::Search{}, store::Scope::all(), {})).rows.front().created_at);
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("alerts-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const auto state = must(store::open_embedded_state({folder / "state.log", &clock}));
  journal::PosixFileSystem files;
  observe::Metrics metrics;
  config::Alerts section;
  section.built_in_rules = false;
  for (int i = 0; i < options.rules; ++i) section.rules.push_back(rule_of(i));
  const auto none = [](auto&&...) { return std::vector<Reading>{}; };
  const auto service = must(Service::open({folder, files, clock, *store, *state,
                                           [](WallTime) { return std::vector<ledger::BudgetStatus>{}; }, none, metrics},
                                          section));
  double first = 0;
  double rest = 0;
  for (int tick = 0; tick < options.ticks; ++tick) {
    clock.advance(kEvery);
    const double before = cpu_seconds();
    service->tick(clock.wall_now());
    (tick == 0 ? first : rest) += cpu_seconds() - before;
  }
  Serving serving;
  std::thread engine([&] { // as the server's own: it gives way
    observe::give_way_to_requests();
    for (int tick = 0; tick < options.ticks; ++tick) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      clock.advance(kEvery);
      serving.rules_are_looked_at(true);
      service->tick(clock.wall_now());
      serving.rules_are_looked_at(false);
    }
  });
  engine.join();
  serving.stop();
  const auto share = [](double seconds) { return 100 * seconds / std::chrono::duration<double>(kEvery).count(); };
  const std::string active = service->active_json(nullptr);
  size_t instances = 0;
  for (size_t at = active.find("\"rule\""); at != std::string::npos; at = active.find("\"rule\"", at + 1)) ++instances;
  fmt::print("{} receipts, {} rules on 20 questions, {} groups firing or pending\n", store->mark().sequence,
             options.rules, instances);
  fmt::print("first evaluation {:.2f} s CPU ({:.1f} % of a core over 30 s)\n", first, share(first));
  const double each = rest / std::max(options.ticks - 1, 1);
  fmt::print("each one after   {:.2f} s CPU ({:.1f} % of a core over 30 s)\n", each, share(each));
  serving.print("between evaluations", false);
  serving.print("during evaluations ", true);
  std::filesystem::remove_all(folder);
  return 0;
}

} // namespace
} // namespace kairos::alerts

int main(int argc, char** argv) {
  kairos::alerts::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--file") options.file = argv[i + 1];
    if (name == "--rules") options.rules = std::atoi(argv[i + 1]);
    if (name == "--ticks") options.ticks = std::atoi(argv[i + 1]);
  }
  return kairos::alerts::run(options);
}
