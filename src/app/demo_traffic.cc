#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>

#include "app/demo.h"
#include "app/signals.h"
#include "sim/sim_server.h"
#include "sim/traffic.h"

namespace kairos::app {
namespace {

std::uint32_t percentile(const std::vector<std::uint32_t>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(static_cast<double>(sorted.size()) * share))];
}

void print_summary(sim::TrafficSummary summary) {
  fmt::print("{} sent: {} ok, {} refused (402, 429), {} errors, {} clients left\n", summary.sent, summary.ok,
             summary.refused, summary.errors, summary.left);
  if (summary.latencies_ms.empty()) return;
  std::ranges::sort(summary.latencies_ms);
  fmt::print("latency of the good ones: p50 {} ms, p95 {} ms\n", percentile(summary.latencies_ms, 0.5),
             percentile(summary.latencies_ms, 0.95));
}

/// Waits on one thread for what a loop tells.
struct Finished {
  std::mutex mutex;
  std::condition_variable told;
  std::optional<sim::TrafficSummary> summary;
};

} // namespace

int run_sim(const SimArguments& arguments) {
  const sigset_t signals = block_signals();
  net::Loop loop("kr-sim");
  sim::SimOptions options;
  options.address = arguments.address;
  options.port = arguments.port;
  options.seed = arguments.seed;
  options.latency_scale = arguments.latency_scale;
  options.error_rate = arguments.error_rate;
  options.rate_limit_rate = arguments.rate_limit_rate;
  sim::SimServer server(loop, options);
  loop.start();
  if (const auto listening = server.listen(); !listening) {
    fmt::print(stderr, "kairosroute: {}\n", listening.error().message);
    return 1;
  }
  const bool v6 = arguments.address.find(':') != std::string::npos;
  fmt::print("simulated providers listen on http://{}{}{}:{}\n", v6 ? "[" : "", arguments.address, v6 ? "]" : "",
             server.local_port());
  std::fflush(stdout);
  int number = 0;
  while (sigwait(&signals, &number) == 0 && number == SIGHUP) {
  }
  loop.stop();
  return 0;
}

int run_traffic(const TrafficArguments& arguments) {
  block_signals();
  sigset_t usual;
  sigemptyset(&usual);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&usual, number);
  pthread_sigmask(SIG_UNBLOCK, &usual, nullptr); // it may be interrupted as any client
  const auto url = net::parse_url(arguments.url);
  if (!url) {
    fmt::print(stderr, "kairosroute: --url: {}\n", url.error().message);
    return 2;
  }
  net::Loop loop("kr-traffic");
  sim::TrafficOptions options;
  options.origin = url->origin;
  options.key = arguments.key;
  options.requests = arguments.requests;
  options.rate = arguments.rate;
  options.concurrency = arguments.concurrency;
  options.seed = arguments.seed;
  Finished finished;
  sim::Traffic traffic(loop, std::move(options), [&finished](const sim::TrafficSummary& summary) {
    const std::scoped_lock lock(finished.mutex);
    finished.summary = summary;
    finished.told.notify_one();
  });
  loop.start();
  traffic.start();
  std::unique_lock lock(finished.mutex);
  finished.told.wait(lock, [&finished] { return finished.summary.has_value(); });
  print_summary(*finished.summary);
  const bool good = finished.summary->errors * 2 <= finished.summary->sent;
  lock.unlock();
  loop.stop();
  if (!good) fmt::print(stderr, "kairosroute: most requests failed; is a server with this key at {}?\n", arguments.url);
  return good ? 0 : 1;
}

} // namespace kairos::app
