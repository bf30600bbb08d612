#include "telemetry/trace_exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>

#include "observe/log.h"
#include "observe/threads.h"
#include "telemetry/times.h"

namespace kairos::telemetry {
namespace {

constexpr Duration kIdleWait = std::chrono::seconds(1);
/// Waking up costs more than a receipt does: several are taken at once, when others have parsed them already.
constexpr Duration kGatherSpans = std::chrono::milliseconds(100);
constexpr Duration kSaveEvery = std::chrono::seconds(5);
constexpr size_t kLeastBatchBytes = 16u << 10; // however small the requests that a destination takes
constexpr Duration kComplainEvery = std::chrono::seconds(30);
constexpr Duration kContentWait = std::chrono::seconds(5);
constexpr Duration kContentAgain = std::chrono::milliseconds(20);

/// Where a destination begins: its kept place; the end for one never seen; the beginning if the kept place is damaged,
/// since twice is better than never.
Result<journal::Position> first_place(journal::CursorFile& file, const journal::Reader& journal,
                                      const std::string& id) {
  const auto kept = file.load();
  if (kept && *kept) return **kept;
  if (!kept && kept.error().code != Code::kCorrupt) return std::unexpected(kept.error());
  if (!kept) {
    observe::log_warn("telemetry", "the place of a destination is damaged; every receipt is sent to it again",
                      {{"destination", id}, {"error", kept.error().message}});
    return journal::Position{};
  }
  const journal::Position end = journal.end();
  auto saved = file.save(end);
  if (!saved) return std::unexpected(saved.error());
  return end;
}

} // namespace

Result<std::unique_ptr<TraceExporter>> TraceExporter::start(TraceExporterOptions options,
                                                            std::shared_ptr<const journal::Reader> journal,
                                                            journal::FileSystem& files, observe::Metrics& metrics,
                                                            RecentReceipts& recent) {
  journal::CursorFile file(files, options.cursor_path);
  const auto from = first_place(file, *journal, options.id);
  if (!from) return fail_in(fmt::format("otlp destination {}", options.id), from.error());
  return std::unique_ptr<TraceExporter>(
      new TraceExporter(std::move(options), std::move(journal), files, metrics, recent, *from));
}

TraceExporter::TraceExporter(TraceExporterOptions options, std::shared_ptr<const journal::Reader> journal,
                             journal::FileSystem& files, observe::Metrics& metrics, RecentReceipts& recent,
                             journal::Position from)
    : options_(std::move(options)), journal_(std::move(journal)), cursor_file_(files, options_.cursor_path),
      metrics_(metrics), recent_(recent), cursor_(journal_, from), to_spans_(options_.spans),
      batch_(options_.signal.protocol, options_.sender), most_bytes_(kMaxBatchBytes),
      post_(options_.signal, options_.sender.version, [this] { return stopping_ && now() > stop_by_; }),
      random_(std::random_device{}()), saved_(from), place_(from), in_file_(from) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void TraceExporter::begin_stop() {
  if (stopping_) return;
  stop_by_ = now() + options_.stop_time;
  stopping_ = true;
  thread_.request_stop();
}

TraceExporter::~TraceExporter() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
}

journal::Position TraceExporter::position() const {
  return place_.with([](const journal::Position& place) { return place; });
}

journal::Position TraceExporter::saved_position() const {
  return in_file_.with([](const journal::Position& place) { return place; });
}

void TraceExporter::run(const std::stop_token& stop) {
  observe::name_this_thread("kr-otlp-" + options_.id);
  observe::give_way_to_requests();
  cursor_.skip_payloads();
  while (!stop.stop_requested()) {
    if (!fill(stop)) continue;
    if (deliver(stop)) done();
  }
  finish(stop);
}

/// What is left, once, without waiting for anything: the next start sends what does not get through now.
void TraceExporter::finish(const std::stop_token& stop) {
  while (now() < stop_by_) {
    while (parts_.empty() && batch_.spans() < options_.batch_spans && batch_.bytes() < most_bytes_ && take_next(stop)) {
    }
    if (batch_.spans() == 0) return done();
    take_apart();
    while (!parts_.empty()) {
      if (!settle(send_part())) return;
    }
    done();
  }
}

/// True if the batch is to be sent, or holds nothing but has a new place to be kept.
bool TraceExporter::fill(const std::stop_token& stop) {
  const journal::Position before = cursor_.position();
  size_t records = 0;
  while (!stop.stop_requested() && batch_.spans() < options_.batch_spans && batch_.bytes() < most_bytes_) {
    if (take_next(stop)) {
      if (batch_.spans() == 0 && ++records == 100'000) return true; // nothing to export, but a place to keep
      continue;
    }
    if (batch_.spans() == 0 && cursor_.position() != before) return true;
    if (!wait_for_more(stop)) break;
  }
  return batch_.spans() > 0;
}

/// False: there is no more for now.
bool TraceExporter::take_next(const std::stop_token& stop) {
  const auto more = cursor_.next(entry_);
  if (!more) {
    pass_over(more.error(), stop);
    return true;
  }
  if (*more) take(entry_, stop);
  return *more;
}

/// False: the batch is due.
bool TraceExporter::wait_for_more(const std::stop_token& stop) {
  Duration patience = kIdleWait;
  if (batch_.spans() > 0) patience = std::min<Duration>(patience, begun_ + options_.batch_delay - now());
  if (patience <= Duration::zero()) return false;
  if (cursor_.wait_for_more(patience, stop)) pause(stop, std::min<Duration>(patience, kGatherSpans));
  return true;
}

/// What is kept of a request is written after its receipt, when the client has its answer. Who reads that slowly
/// holds an exporter up for so long at most, since it counts from the end of the receipt.
SpanContent TraceExporter::content_of(const model::Receipt& receipt, const std::stop_token& stop) {
  if (!options_.find_content || !receipt.content) return {};
  const MonoTime until = now() + kContentWait; // whatever the wall clock does
  for (;;) {
    FoundContent found = options_.find_content(receipt, options_.spans.limits.text_bytes);
    const Duration age = std::chrono::system_clock::now() - receipt.completed_at;
    if (!found.still_coming || age > kContentWait || now() > until || stop.stop_requested())
      return std::move(found.content);
    pause(stop, kContentAgain);
  }
}

/// Mostly the metrics have parsed it already, and its record need not even be unpacked. nullptr: it cannot be read.
ReceiptPtr TraceExporter::receipt_of(journal::Entry& entry) {
  if (ReceiptPtr found = recent_.find(entry.position)) return found;
  if (!cursor_.load_payload(entry) || entry.erased) return nullptr;
  auto parsed = recent_.get(entry, false);
  return parsed ? std::move(*parsed) : nullptr;
}

void TraceExporter::take(journal::Entry& entry, const std::stop_token& stop) {
  if (entry.kind != journal::Kind::kClose || entry.erased) return;
  const ReceiptPtr receipt = receipt_of(entry);
  if (!receipt) return drop(1, "unreadable");
  if (!is_sampled(receipt->trace, options_.sampler, options_.sampler_ratio)) return;
  if (!has_good_ids(*receipt)) {
    observe::log_warn("telemetry", "a receipt is not exported: its trace or span ids are malformed",
                      {{"destination", options_.id}, {"receipt_id", receipt->receipt_id}});
    return drop(1 + receipt->attempts.size(), "bad_ids");
  }
  const SpanContent content = content_of(*receipt, stop);
  if (batch_.spans() == 0) begun_ = now();
  for (const Span& span : to_spans_.of(*receipt, content)) batch_.add(span);
}

/// Damage or a segment that is gone: told, counted, and left behind.
void TraceExporter::pass_over(const Error& error, const std::stop_token& stop) {
  observe::log_error("telemetry", "a piece of the journal cannot be exported",
                     {{"destination", options_.id}, {"error", error.message}});
  if (error.code == Code::kNotFound) {
    cursor_ = journal::Cursor(journal_);
    cursor_.skip_payloads();
    return drop(1, "segment_gone");
  }
  if (error.code == Code::kCorrupt && cursor_.skip_damage()) return drop(1, "damaged");
  pause(stop, std::chrono::seconds(1)); // the disk; tried again
}

/// False: it was stopped, with the batch still in hand, or the batch is to be made again.
bool TraceExporter::deliver(const std::stop_token& stop) {
  take_apart();
  while (!parts_.empty()) {
    if (stop.stop_requested()) return false;
    const ExportOutcome outcome = send_part();
    if (settle(outcome)) {
      retries_ = 0;
      continue;
    }
    const Duration wait = outcome.wait > Duration::zero() ? outcome.wait : backoff(retries_++, random_());
    if (options_.find_content) go_back();
    if (!stop.stop_requested()) pause(stop, wait);
    if (options_.find_content) return false;
  }
  return true;
}

/// Content that is erased while a destination is down must not reach it: the batch is made again, of what there is
/// then.
void TraceExporter::go_back() {
  batch_.clear();
  parts_.clear();
  cursor_ = journal::Cursor(journal_, position());
  cursor_.skip_payloads();
}

/// A batch is one part until the destination calls it too large.
void TraceExporter::take_apart() {
  if (parts_.empty() && batch_.spans() > 0) parts_.push_back({0, batch_.spans()});
}

ExportOutcome TraceExporter::send_part() {
  const std::string body = batch_.body(parts_.back());
  if (body.size() > kMaxBody) return {Verdict::kTooLarge, 0, {}, "too_large", "more than a request may hold"};
  return outcome_of(post_.send(body));
}

/// Two halves in place of the part in hand, and smaller batches from now on, so that not each costs a refused request.
void TraceExporter::split() {
  const SpanRange whole = parts_.back();
  const size_t half = whole.count / 2;
  parts_.back() = {whole.first + half, whole.count - half};
  parts_.push_back({whole.first, half});
  const size_t bytes = batch_.bytes() * half / batch_.spans();
  most_bytes_ = std::clamp(bytes, kLeastBatchBytes, most_bytes_);
}

/// True: the part in hand is done with, or is two smaller ones now.
bool TraceExporter::settle(const ExportOutcome& outcome) {
  static constexpr std::array<const char*, 4> kVerdictNames = {"accepted", "retry", "refused", "too_large"};
  metrics_
      .counter("kairosroute_otlp_requests_total", "OTLP requests by how they ended.",
               {{"destination", options_.id},
                {"signal", "traces"},
                {"outcome", kVerdictNames[static_cast<size_t>(outcome.verdict)]}})
      .add();
  if (outcome.verdict == Verdict::kRetry) {
    failing_ = true;
    complain("the destination does not take spans; they wait in the journal", outcome);
    return false;
  }
  if (failing_) observe::log_info("telemetry", "the destination answers again", {{"destination", options_.id}});
  failing_ = false;
  if (outcome.verdict == Verdict::kTooLarge && parts_.back().count > 1) return split(), true;
  const auto all = static_cast<std::int64_t>(parts_.back().count);
  const std::int64_t lost = outcome.verdict == Verdict::kAccepted ? std::min(all, outcome.rejected) : all;
  parts_.pop_back();
  if (lost > 0) drop(static_cast<std::uint64_t>(lost), outcome.reason);
  if (!outcome.message.empty())
    complain(lost > 0 ? "spans are lost: the destination refused them" : "the destination warns", outcome);
  metrics_
      .counter("kairosroute_otlp_exported_spans_total", "Spans that the destination took.",
               {{"destination", options_.id}})
      .add(static_cast<std::uint64_t>(all - lost));
  return true;
}

void TraceExporter::done() {
  const bool sent = batch_.spans() > 0;
  batch_.clear();
  const journal::Position place = cursor_.position();
  place_.with([&](journal::Position& kept) { kept = place; });
  if (place == saved_ || (!sent && now() < saved_at_ + kSaveEvery)) return; // records that are no spans cost no write
  saved_ = place;
  saved_at_ = now();
  const auto saved = cursor_file_.save(place);
  if (saved) in_file_.with([&](journal::Position& in_file) { in_file = place; });
  if (!saved)
    complain("the place cannot be kept: spans may be sent again after a restart",
             {Verdict::kRetry, 0, {}, "", saved.error().message});
}

void TraceExporter::pause(const std::stop_token& stop, Duration time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

void TraceExporter::drop(std::uint64_t spans, const std::string& reason) {
  metrics_
      .counter("kairosroute_otlp_export_dropped_spans_total", "Spans that the destination will not get, by reason.",
               {{"destination", options_.id}, {"reason", reason}})
      .add(spans);
}

/// At most one line in kComplainEvery: a destination that is down is down for all batches.
void TraceExporter::complain(const std::string& what, const ExportOutcome& outcome) {
  if (complained_ != MonoTime{} && now() < complained_ + kComplainEvery) return;
  complained_ = now();
  observe::log_warn("telemetry", what, {{"destination", options_.id}, {"error", outcome.message}});
}

} // namespace kairos::telemetry
