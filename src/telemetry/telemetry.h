// Telemetry: everything of this folder, started from a configuration and stopped with its owner. Receipts become
// metrics whatever is configured; spans and OTLP metrics leave only if a destination is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/snapshot.h"
#include "journal/file_system.h"
#include "journal/reader.h"
#include "observe/metrics.h"
#include "telemetry/metrics_projection.h"
#include "telemetry/otlp_encoder.h"
#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {

/// All of it outlives the Telemetry.
struct Services {
  std::shared_ptr<const journal::Reader> journal;
  journal::Position metrics_from; // where the metrics begin to count
  journal::FileSystem& files;
  observe::Metrics& metrics;
  const Clock& clock;
  std::string version;
  HealthProbes probes;      // `projections` without the exporters, which are added here
  FindTrace find_trace;     // for replays; may be empty
  FindContent find_content; // for destinations that capture content; may be empty
};

class Telemetry {
public:
  /// Says in one log line what is exported where, or that nothing is.
  static Result<std::unique_ptr<Telemetry>> start(const config::Snapshot& snapshot, Services services);
  /// Sends what is left, for at most a few seconds.
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  /// Who of it follows the journal, and the oldest place that each may still read, also after a crash. Any thread.
  std::vector<std::pair<std::string, journal::Position>> needed_places() const;

private:
  struct Impl;
  explicit Telemetry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// service.*, telemetry.sdk.* and what is configured.
Sender sender_of(const config::Snapshot& snapshot, const std::string& version);
SpanOptions span_options(const config::Snapshot& snapshot, FindTrace find_trace);

} // namespace kairos::telemetry
