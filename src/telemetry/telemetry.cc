#include "telemetry/telemetry.h"

#include <fmt/format.h>

#include <filesystem>

#include "observe/log.h"
#include "telemetry/metrics_exporter.h"
#include "telemetry/trace_exporter.h"

namespace kairos::telemetry {

/// Members in the order in which they are made; they go in reverse.
struct Telemetry::Impl {
  explicit Impl(Services services_in) : services(std::move(services_in)) {}

  Result<> add_destination(const config::Snapshot& snapshot, const config::OtlpDestination& destination);
  TraceExporterOptions trace_options(const config::Snapshot& snapshot,
                                     const config::OtlpDestination& destination) const;
  void start_projection(const config::Snapshot& snapshot);

  Services services;
  observe::Metrics genai{"gen_ai."};
  RecentReceipts recent;
  std::vector<std::unique_ptr<TraceExporter>> traces;
  std::unique_ptr<ReceiptMetrics> receipts;
  std::unique_ptr<MetricsProjection> projection;
  std::vector<std::unique_ptr<MetricsExporter>> metrics;
};

Sender sender_of(const config::Snapshot& snapshot, const std::string& version) {
  Sender sender;
  sender.version = version;
  sender.schema_url =
      snapshot.otlp.conventions == config::GenAiConventions::kPinned ? "https://opentelemetry.io/schemas/1.41.0" : "";
  sender.resource = {{"service.name", snapshot.otlp.service_name},
                     {"service.version", version},
                     {"service.instance.id", snapshot.node_id},
                     {"telemetry.sdk.name", "kairosroute"},
                     {"telemetry.sdk.language", "cpp"},
                     {"telemetry.sdk.version", version}};
  for (const auto& [key, value] : snapshot.otlp.resource) {
    std::erase_if(sender.resource,
                  [&](const auto& one) { return one.first == key && !key.starts_with("telemetry.sdk."); });
    if (!key.starts_with("telemetry.sdk.")) sender.resource.emplace_back(key, value);
  }
  return sender;
}

SpanOptions span_options(const config::Snapshot& snapshot, FindTrace find_trace) {
  const config::Otlp& otlp = snapshot.otlp;
  SpanOptions options;
  options.limits = {static_cast<size_t>(otlp.span_attributes), static_cast<size_t>(otlp.attribute_bytes),
                    static_cast<size_t>(otlp.span_events)};
  options.usage = otlp.genai_usage;
  options.conventions = otlp.conventions;
  options.receipt_url = otlp.receipt_url;
  options.scheme = snapshot.server.tls ? "https" : "http";
  options.end_user = otlp.end_user;
  options.providers = provider_table(snapshot.providers);
  options.find_trace = std::move(find_trace);
  return options;
}

TraceExporterOptions Telemetry::Impl::trace_options(const config::Snapshot& snapshot,
                                                    const config::OtlpDestination& destination) const {
  TraceExporterOptions options;
  options.id = destination.id;
  options.signal = *destination.traces;
  options.sender = sender_of(snapshot, services.version);
  options.spans = span_options(snapshot, services.find_trace);
  options.sampler = snapshot.otlp.sampler;
  options.sampler_ratio = snapshot.otlp.sampler_ratio;
  options.batch_spans = static_cast<size_t>(snapshot.otlp.batch_spans);
  options.batch_delay = snapshot.otlp.batch_delay;
  if (destination.capture_content) options.find_content = services.find_content;
  options.cursor_path = std::filesystem::path(snapshot.data_dir) / fmt::format("otlp-{}.cursor", destination.id);
  return options;
}

Result<> Telemetry::Impl::add_destination(const config::Snapshot& snapshot,
                                          const config::OtlpDestination& destination) {
  if (destination.traces) {
    recent.share();
    auto exporter = TraceExporter::start(trace_options(snapshot, destination), services.journal, services.files,
                                         services.metrics, recent);
    if (!exporter) return std::unexpected(exporter.error());
    traces.push_back(std::move(*exporter));
  }
  if (destination.metrics) {
    MetricsExporterOptions options{destination.id, *destination.metrics, sender_of(snapshot, services.version),
                                   snapshot.otlp.metrics_interval};
    metrics.push_back(
        std::make_unique<MetricsExporter>(std::move(options), std::vector{&services.metrics, &genai}, services.clock));
  }
  observe::log_info("telemetry", "exports over OTLP",
                    {{"destination", destination.id},
                     {"traces", destination.traces ? shown_url(destination.traces->url) : "off"},
                     {"metrics", destination.metrics ? shown_url(destination.metrics->url) : "off"},
                     {"content", destination.capture_content ? "captured" : "off"}});
  return {};
}

void Telemetry::Impl::start_projection(const config::Snapshot& snapshot) {
  receipts = std::make_unique<ReceiptMetrics>(services.metrics, genai, provider_table(snapshot.providers),
                                              snapshot.otlp.conventions);
  HealthProbes probes = services.probes;
  probes.projections = [this] {
    auto places = services.probes.projections ? services.probes.projections()
                                              : std::vector<std::pair<std::string, journal::Position>>();
    for (const auto& exporter : traces) places.emplace_back("otlp_" + exporter->id(), exporter->position());
    return places;
  };
  projection = std::make_unique<MetricsProjection>(services.journal, services.metrics_from,
                                                   ProjectionParts{*receipts, services.metrics, recent},
                                                   std::move(probes), services.clock);
}

Result<std::unique_ptr<Telemetry>> Telemetry::start(const config::Snapshot& snapshot, Services services) {
  auto impl = std::make_unique<Impl>(std::move(services));
  for (const config::OtlpDestination& destination : snapshot.otlp.destinations) {
    if (auto added = impl->add_destination(snapshot, destination); !added) return std::unexpected(added.error());
  }
  if (snapshot.otlp.destinations.empty()) {
    observe::log_info("telemetry",
                      "OTLP is off: no destination is configured (otlp.destinations or OTEL_EXPORTER_OTLP_ENDPOINT)");
  }
  impl->start_projection(snapshot);
  return std::unique_ptr<Telemetry>(new Telemetry(std::move(impl)));
}

std::vector<std::pair<std::string, journal::Position>> Telemetry::needed_places() const {
  std::vector<std::pair<std::string, journal::Position>> places{{"metrics", impl_->projection->position()}};
  for (const auto& exporter : impl_->traces) places.emplace_back("otlp_" + exporter->id(), exporter->saved_position());
  return places;
}

Telemetry::Telemetry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Telemetry::~Telemetry() {
  for (const auto& exporter : impl_->metrics) exporter->begin_stop();
  for (const auto& exporter : impl_->traces) exporter->begin_stop();
}

} // namespace kairos::telemetry
