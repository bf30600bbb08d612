#include "telemetry/metrics_projection.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "model/receipt_json.h"
#include "observe/log.h"
#include "observe/threads.h"
#include "telemetry/times.h"

namespace kairos::telemetry {
namespace {

constexpr Duration kSampleEvery = std::chrono::seconds(1);
constexpr Duration kGather = std::chrono::milliseconds(20);
constexpr Duration kThreadsEvery = std::chrono::seconds(5);
constexpr size_t kDriftSamples = 10;

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }
PicoSum magnitude(PicoSum value) { return value < 0 ? -value : value; }

} // namespace

Duration lag_at(const journal::Reader& journal, const journal::Position& place, WallTime time) {
  if (place >= journal.end()) return {};
  const auto entry = journal.read(place);
  if (!entry || entry->time >= time) return {};
  return time - entry->time;
}

MetricsProjection::MetricsProjection(std::shared_ptr<const journal::Reader> journal, journal::Position from,
                                     ProjectionParts parts, HealthProbes probes, const Clock& clock)
    : journal_(std::move(journal)), parts_(parts), probes_(std::move(probes)), clock_(clock),
      lost_(parts_.metrics.counter(
          "kairosroute_receipts_lost_total",
          "Receipts that the journal should hold and does not: gaps in the sequence, damaged records.")),
      loop_lag_(parts_.metrics.histogram("kairosroute_loop_lag_seconds",
                                         "The longest time in each second that an event loop spent on one thing.",
                                         observe::latency_bounds())),
      cursor_(journal_, from), place_(from) {
  cursor_.skip_open_payloads();
  sample();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

MetricsProjection::~MetricsProjection() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void MetricsProjection::run(const std::stop_token& stop) {
  observe::name_this_thread("kr-metrics");
  observe::give_way_to_requests();
  MonoTime next_sample = now();
  while (!stop.stop_requested()) {
    const bool more = take_next();
    if (now() >= next_sample) {
      sample();
      next_sample = now() + kSampleEvery;
    }
    if (!more) wait(next_sample, stop);
  }
}

/// Several records at once: waking up costs more than folding one.
void MetricsProjection::wait(MonoTime until, const std::stop_token& stop) {
  if (!cursor_.wait_for_more(std::max<Duration>(until - now(), std::chrono::milliseconds(1)), stop)) return;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, kGather, [] { return false; });
}

/// False: nothing more for now, or the journal cannot be read now.
bool MetricsProjection::take_next() {
  const auto more = cursor_.next(entry_);
  if (more) {
    if (*more) take(entry_);
    return *more;
  }
  observe::log_error("telemetry", "a piece of the journal cannot be read for the metrics",
                     {{"error", more.error().message}});
  if (more.error().code == Code::kCorrupt && cursor_.skip_damage()) {
    lost_.add();
    last_sequence_ = 0; // the gap that follows is this one
    return true;
  }
  if (more.error().code == Code::kNotFound) {
    cursor_ = journal::Cursor(journal_);
    cursor_.skip_open_payloads();
  }
  return false;
}

void MetricsProjection::follow_sequence(std::uint64_t sequence) {
  if (last_sequence_ != 0 && sequence > last_sequence_ + 1) lost_.add(sequence - last_sequence_ - 1);
  last_sequence_ = std::max(last_sequence_, sequence);
}

void MetricsProjection::take(const journal::Entry& entry) {
  if (journal::is_chained(entry.kind)) follow_sequence(entry.sequence);
  if (entry.kind != journal::Kind::kClose || entry.erased) return;
  if (parts_.recent.is_shared()) {
    const auto receipt = parts_.recent.get(entry, true);
    return receipt ? use(**receipt) : lost_.add();
  }
  const auto receipt = model::receipt_from_json(entry.payload, model::ReceiptPart::kOutcome);
  return receipt ? use(*receipt) : lost_.add();
}

void MetricsProjection::use(const model::Receipt& receipt) {
  parts_.receipts.fold(receipt);
  log_.tell(receipt);
}

void MetricsProjection::sample() {
  sample_lags();
  sample_journal();
  sample_queues();
  sample_drift();
  sample_threads();
  if (!probes_.loop_lags) return;
  for (const Duration lag : probes_.loop_lags()) loop_lag_.observe(in_seconds(lag));
}

void MetricsProjection::sample_lags() {
  auto places = probes_.projections ? probes_.projections() : std::vector<std::pair<std::string, journal::Position>>();
  places.emplace_back("metrics", cursor_.position());
  place_.with([&](journal::Position& place) { place = cursor_.position(); });
  for (const auto& [name, place] : places) {
    parts_.metrics
        .gauge("kairosroute_projection_lag_seconds",
               "Age of the oldest journal record that a projection has not read; 0: none.", {{"projection", name}})
        .set(in_seconds(lag_at(*journal_, place, clock_.wall_now())));
  }
}

/// Names are few and fixed (threads.h). Threads that end take their time with them: the counter keeps the highest sum.
void MetricsProjection::sample_threads() {
  if (now() < next_threads_) return;
  next_threads_ = now() + kThreadsEvery;
  for (const auto& [name, spent] : observe::thread_cpu_seconds()) {
    observe::raise_to(parts_.metrics.amounts_counter("kairosroute_thread_cpu_seconds_total",
                                                     "CPU time by the name of the thread, of threads that run.", 1e9,
                                                     {{"thread", name}}),
                      static_cast<std::uint64_t>(spent * 1e9));
  }
}

void MetricsProjection::sample_journal() {
  if (!probes_.journal) return;
  const journal::Stats stats = probes_.journal();
  observe::Metrics& metrics = parts_.metrics;
  raise_to(metrics.counter("kairosroute_journal_records_total", "Records written."), stats.appended);
  raise_to(metrics.counter("kairosroute_journal_written_bytes_total", "Bytes written, framing included."),
           stats.stored_bytes);
  raise_to(metrics.counter("kairosroute_journal_syncs_total", "Syncs to the disk."), stats.syncs);
  raise_to(metrics.counter("kairosroute_journal_refused_total", "Records refused because the queue was full."),
           stats.refused);
  raise_to(metrics.counter("kairosroute_journal_failed_total", "Records that could not be written."), stats.failed);
  metrics.gauge("kairosroute_journal_queue_records", "Records that wait to be written.")
      .set(static_cast<double>(stats.queued_records));
  metrics.gauge("kairosroute_journal_queue_bytes", "Bytes that wait to be written.")
      .set(static_cast<double>(stats.queued_bytes));
  metrics.gauge("kairosroute_journal_sync_seconds", "Time of the last sync to the disk.")
      .set(static_cast<double>(stats.last_sync_us) / 1e6);
  metrics.gauge("kairosroute_journal_sync_max_seconds", "The longest sync to the disk since the start.")
      .set(static_cast<double>(stats.max_sync_us) / 1e6);
}

void MetricsProjection::sample_queues() {
  if (!probes_.queues) return;
  for (const auto& [name, length] : probes_.queues()) {
    parts_.metrics.gauge("kairosroute_queue_length", "What waits in a queue.", {{"queue", name}})
        .set(static_cast<double>(length));
  }
}

PicoSum LeastDrift::add(PicoSum sample) {
  samples_.push_back(sample);
  if (samples_.size() > kDriftSamples) samples_.pop_front();
  return samples_.size() < kDriftSamples ? 0 : *std::ranges::min_element(samples_, {}, magnitude);
}

void MetricsProjection::sample_drift() {
  if (!probes_.ledger_drift) return;
  parts_.metrics
      .gauge("kairosroute_ledger_drift_picousd", "Money spent as the ledger has it, less what the receipts say.")
      .set(static_cast<double>(drift_.add(probes_.ledger_drift())));
}

} // namespace kairos::telemetry
