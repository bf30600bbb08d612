#include "telemetry/metrics_exporter.h"

#include <array>
#include <iterator>

#include "observe/log.h"
#include "observe/threads.h"
#include "telemetry/span.h"
#include "telemetry/times.h"

namespace kairos::telemetry {

MetricsExporter::MetricsExporter(MetricsExporterOptions options, std::vector<observe::Metrics*> registries,
                                 const Clock& clock)
    : options_(std::move(options)), registries_(std::move(registries)), clock_(clock), started_(clock.wall_now()),
      post_(options_.signal, options_.sender.version, [this] { return stopping_ && now() > stop_by_; }) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void MetricsExporter::begin_stop() {
  if (stopping_) return;
  stop_by_ = now() + options_.stop_time;
  stopping_ = true;
  thread_.request_stop();
}

MetricsExporter::~MetricsExporter() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
}

void MetricsExporter::run(const std::stop_token& stop) {
  observe::name_this_thread("kr-otlpm-" + options_.id);
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, options_.interval, [] { return false; });
    }
    send();
  }
}

void MetricsExporter::send() {
  if (now() < not_before_) return;
  std::vector<observe::MetricFamily> families;
  for (const observe::Metrics* registry : registries_)
    std::ranges::move(registry->families(), std::back_inserter(families));
  send(families);
}

/// In halves, and theirs, where the destination calls a request too large.
void MetricsExporter::send(std::span<const observe::MetricFamily> families) {
  const std::string body = encode_metrics(options_.signal.protocol, options_.sender, families, unix_ns(started_),
                                          unix_ns(clock_.wall_now()));
  if (body.empty()) return;
  const ExportOutcome outcome = outcome_of(post_.send(body));
  if (outcome.verdict != Verdict::kTooLarge || families.size() < 2) return settle(outcome);
  send(families.first(families.size() / 2));
  send(families.subspan(families.size() / 2));
}

void MetricsExporter::settle(const ExportOutcome& outcome) {
  static constexpr std::array<const char*, 4> kNames = {"accepted", "retry", "refused", "too_large"};
  registries_.front()
      ->counter("kairosroute_otlp_requests_total", "OTLP requests by how they ended.",
                {{"destination", options_.id},
                 {"signal", "metrics"},
                 {"outcome", kNames[static_cast<size_t>(outcome.verdict)]}})
      .add();
  if (outcome.rejected > 0) {
    registries_.front()
        ->counter("kairosroute_otlp_rejected_points_total", "Metric points that the destination refused.",
                  {{"destination", options_.id}})
        .add(static_cast<std::uint64_t>(outcome.rejected));
  }
  if (outcome.wait > Duration::zero()) not_before_ = now() + outcome.wait;
  if (outcome.message != last_problem_ && !outcome.message.empty()) {
    observe::log_warn("telemetry", "metrics were not taken",
                      {{"destination", options_.id}, {"error", outcome.message}});
  }
  last_problem_ = outcome.message;
}

} // namespace kairos::telemetry
