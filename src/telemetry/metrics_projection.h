// MetricsProjection: follows the journal on a thread of its own and folds what it reads into ReceiptMetrics; once a
// second it also measures the process: how far each projection is behind, the journal's queue and syncs, how late the
// event loops were, and whether the ledger agrees with the journal. The request path does nothing for any of it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/money.h"
#include "journal/reader.h"
#include "journal/writer.h"
#include "observe/metrics.h"
#include "telemetry/receipt_log.h"
#include "telemetry/receipt_metrics.h"
#include "telemetry/recent_receipts.h"

namespace kairos::telemetry {

/// Looks into the other parts of the process. All are called on the projection's thread; each may be empty.
struct HealthProbes {
  /// Name and place of each projection of the journal but this one.
  std::function<std::vector<std::pair<std::string, journal::Position>>()> projections;
  std::function<journal::Stats()> journal;
  /// Name and length of each queue but the journal's.
  std::function<std::vector<std::pair<std::string, size_t>>()> queues;
  /// Of each event loop: the longest time since the last call in which it did nothing else.
  std::function<std::vector<Duration>()> loop_lags;
  /// The ledger's spent money over all budgets and periods that it keeps, and the same from the receipts read so far.
  std::function<PicoSum()> ledger_drift;
};

struct ProjectionParts {
  ReceiptMetrics& receipts;
  observe::Metrics& metrics;
  RecentReceipts& recent;
};

/// Ledger and journal are read one after the other while requests run, so a single difference proves nothing: what is
/// shown is the smallest of the last ten samples. It stays at 0 as long as both have agreed once in that time.
class LeastDrift {
public:
  PicoSum add(PicoSum sample);

private:
  std::deque<PicoSum> samples_;
};

/// How old the oldest record is that a projection at `place` has not read; 0: none. Zero too if it cannot be read.
Duration lag_at(const journal::Reader& journal, const journal::Position& place, WallTime now);

class MetricsProjection {
public:
  /// Reads from `from` on. What is given outlives it.
  MetricsProjection(std::shared_ptr<const journal::Reader> journal, journal::Position from, ProjectionParts parts,
                    HealthProbes probes, const Clock& clock);
  ~MetricsProjection();
  MetricsProjection(const MetricsProjection&) = delete;
  MetricsProjection& operator=(const MetricsProjection&) = delete;

  /// How far it has read, at most a second ago. Any thread.
  journal::Position position() const {
    return place_.with([](const journal::Position& place) { return place; });
  }

private:
  void run(const std::stop_token& stop);
  void wait(MonoTime until, const std::stop_token& stop);
  bool take_next();
  void take(const journal::Entry& entry);
  void use(const model::Receipt& receipt);
  void follow_sequence(std::uint64_t sequence);
  void sample();
  void sample_lags();
  void sample_journal();
  void sample_queues();
  void sample_drift();
  void sample_threads();

  const std::shared_ptr<const journal::Reader> journal_;
  ProjectionParts parts_;
  const HealthProbes probes_;
  const Clock& clock_;
  observe::Counter& lost_;
  observe::Histogram& loop_lag_;
  journal::Cursor cursor_;
  Guarded<journal::Position> place_; // the cursor's, told to others
  journal::Entry entry_;
  std::uint64_t last_sequence_ = 0;
  LeastDrift drift_;
  MonoTime next_threads_{};
  ReceiptLog log_;
  std::jthread thread_; // last: it uses all the others
};

} // namespace kairos::telemetry
