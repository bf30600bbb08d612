// TraceExporter: follows the journal to one destination on a thread of its own. Its place is kept in a cursor file
// after each batch that the destination took, or that must not be sent again, so that what a crash or an outage left
// undone is done later: at least once, with the same ids. The journal is its only queue: at most one batch is in
// memory, and nothing here can touch a request. A destination that is seen for the first time begins with the receipts
// from now on.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "config/otlp.h"
#include "journal/cursor_file.h"
#include "journal/reader.h"
#include "observe/metrics.h"
#include "telemetry/export_outcome.h"
#include "telemetry/http_post.h"
#include "telemetry/otlp_encoder.h"
#include "telemetry/receipt_spans.h"
#include "telemetry/recent_receipts.h"

namespace kairos::telemetry {

inline constexpr size_t kMaxBatchBytes = 4u << 20; // where a batch ends whatever its number of spans …
inline constexpr size_t kMaxBody = 64u << 20;      // … and what is never sent

struct TraceExporterOptions {
  std::string id;
  config::OtlpSignal signal;
  Sender sender;
  SpanOptions spans;
  config::Sampler sampler = config::Sampler::kParentOrOn;
  double sampler_ratio = 1;
  size_t batch_spans = 512;
  Duration batch_delay = std::chrono::seconds(5);
  FindContent find_content; // empty: no prompts and answers on spans
  std::string cursor_path;
  Duration stop_time = std::chrono::seconds(2); // for what is left when it stops; the rest is sent after the next start
};

class TraceExporter {
public:
  /// Loads the place, or saves the journal's end as the first one. `files`, `metrics` and `recent` must outlive it.
  static Result<std::unique_ptr<TraceExporter>> start(TraceExporterOptions options,
                                                      std::shared_ptr<const journal::Reader> journal,
                                                      journal::FileSystem& files, observe::Metrics& metrics,
                                                      RecentReceipts& recent);
  /// Sends what is left, for at most stop_time, and stops.
  ~TraceExporter();
  /// Begins to stop without waiting, so that several can stop at once. Once, any thread.
  void begin_stop();
  TraceExporter(const TraceExporter&) = delete;
  TraceExporter& operator=(const TraceExporter&) = delete;

  const std::string& id() const { return options_.id; }
  /// Everything before it was taken or given up. Any thread.
  journal::Position position() const;
  /// What the cursor file says: nothing before it is read again, whatever dies when. Any thread.
  journal::Position saved_position() const;

private:
  TraceExporter(TraceExporterOptions options, std::shared_ptr<const journal::Reader> journal,
                journal::FileSystem& files, observe::Metrics& metrics, RecentReceipts& recent, journal::Position from);

  void run(const std::stop_token& stop);
  void finish(const std::stop_token& stop);
  bool fill(const std::stop_token& stop);
  bool take_next(const std::stop_token& stop);
  bool wait_for_more(const std::stop_token& stop);
  ReceiptPtr receipt_of(journal::Entry& entry);
  void take(journal::Entry& entry, const std::stop_token& stop);
  SpanContent content_of(const model::Receipt& receipt, const std::stop_token& stop);
  void pass_over(const Error& error, const std::stop_token& stop);
  bool deliver(const std::stop_token& stop);
  ExportOutcome send_part();
  bool settle(const ExportOutcome& outcome);
  void split();
  void take_apart();
  void go_back();
  void done();
  void pause(const std::stop_token& stop, Duration time);
  void drop(std::uint64_t spans, const std::string& reason);
  void complain(const std::string& what, const ExportOutcome& outcome);

  const TraceExporterOptions options_;
  const std::shared_ptr<const journal::Reader> journal_;
  journal::CursorFile cursor_file_;
  observe::Metrics& metrics_;
  RecentReceipts& recent_;
  journal::Cursor cursor_;
  journal::Entry entry_;
  ReceiptSpans to_spans_;
  TraceBatch batch_;
  std::vector<SpanRange> parts_; // of the batch that are still to be sent, the last one first
  size_t most_bytes_;            // where a batch ends; less once the destination has called one too large
  HttpPost post_;
  std::minstd_rand random_;
  std::atomic<bool> stopping_{false};
  MonoTime stop_by_{};      // once stopping_
  MonoTime begun_{};        // when the batch got its first span
  bool failing_ = false;    // the last request was not answered for good
  unsigned retries_ = 0;    // since one was
  MonoTime complained_{};   // the last line about a failure
  journal::Position saved_; // what the cursor file was last given; the thread's own
  MonoTime saved_at_{};
  Guarded<journal::Position> place_;
  Guarded<journal::Position> in_file_; // what it says: the last of these that could be written
  std::jthread thread_;                // last: it uses all the others
};

} // namespace kairos::telemetry
