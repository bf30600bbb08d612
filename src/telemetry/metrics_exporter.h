// MetricsExporter: sends all metrics to one destination at an interval, on a thread of its own. Series are cumulative,
// so a request that fails is not repeated: the next one says all that it said.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "config/otlp.h"
#include "observe/metrics.h"
#include "telemetry/export_outcome.h"
#include "telemetry/http_post.h"
#include "telemetry/otlp_encoder.h"

namespace kairos::telemetry {

struct MetricsExporterOptions {
  std::string id;
  config::OtlpSignal signal;
  Sender sender;
  Duration interval = std::chrono::seconds(60);
  Duration stop_time = std::chrono::seconds(2); // for the last request
};

class MetricsExporter {
public:
  /// `registries` and `clock` outlive it; what it counts itself goes into the first registry.
  MetricsExporter(MetricsExporterOptions options, std::vector<observe::Metrics*> registries, const Clock& clock);
  /// Sends once more and stops.
  ~MetricsExporter();
  /// Begins to stop without waiting, so that several can stop at once. Once, any thread.
  void begin_stop();
  MetricsExporter(const MetricsExporter&) = delete;
  MetricsExporter& operator=(const MetricsExporter&) = delete;

private:
  void run(const std::stop_token& stop);
  void send();
  void send(std::span<const observe::MetricFamily> families);
  void settle(const ExportOutcome& outcome);

  const MetricsExporterOptions options_;
  const std::vector<observe::Metrics*> registries_;
  const Clock& clock_;
  const WallTime started_;
  HttpPost post_;
  std::atomic<bool> stopping_{false};
  MonoTime stop_by_{};
  MonoTime not_before_{}; // what a receiver asked for
  std::string last_problem_;
  std::jthread thread_; // last: it uses all the others
};

} // namespace kairos::telemetry
