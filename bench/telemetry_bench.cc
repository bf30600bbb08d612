// What exporting a receipt costs, in CPU time of the exporter's thread; the request path does none of it.
// The sample receipt: two attempts, three candidates, every optional group filled; a small one: one attempt, one
// candidate.
#include <benchmark/benchmark.h>

#include "journal/testing/faulty_file_system.h"
#include "journal/writer.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"
#include "telemetry/http_post.h"
#include "telemetry/otlp_encoder.h"
#include "telemetry/receipt_metrics.h"
#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {
namespace {

constexpr size_t kBatchSpans = 512;

model::Receipt receipt_of(const benchmark::State& state) {
  model::Receipt receipt = model::sample_receipt();
  if (state.range(0) == 1) return receipt;
  receipt.attempts.erase(receipt.attempts.begin());
  receipt.candidates.resize(1);
  receipt.replay.reset();
  return receipt;
}

/// Metrics alone need `outcome`; where a destination gets spans, they are parsed for both, `told`.
void parse(benchmark::State& state, model::ReceiptPart part) {
  const std::string json = model::to_json(receipt_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(model::receipt_from_json(json, part));
  state.counters["bytes"] = static_cast<double>(json.size());
}
BENCHMARK_CAPTURE(parse, outcome, model::ReceiptPart::kOutcome)->Arg(0)->Arg(1);
BENCHMARK_CAPTURE(parse, told, model::ReceiptPart::kTold)->Arg(0)->Arg(1);
BENCHMARK_CAPTURE(parse, all, model::ReceiptPart::kAll)->Arg(0)->Arg(1);

void make_spans(benchmark::State& state) {
  const model::Receipt receipt = receipt_of(state);
  ReceiptSpans to_spans({});
  for (auto _ : state) benchmark::DoNotOptimize(to_spans.of(receipt));
}
BENCHMARK(make_spans)->Arg(0)->Arg(1);

void encode(benchmark::State& state, config::OtlpProtocol protocol) {
  const model::Receipt receipt = receipt_of(state);
  ReceiptSpans to_spans({});
  const auto spans = to_spans.of(receipt);
  TraceBatch batch(protocol, {});
  for (auto _ : state) {
    if (batch.spans() >= kBatchSpans) batch.clear();
    for (const Span& span : spans) batch.add(span);
  }
  state.counters["bytes"] =
      static_cast<double>(batch.bytes()) / static_cast<double>(batch.spans()) * static_cast<double>(spans.size());
}
BENCHMARK_CAPTURE(encode, protobuf, config::OtlpProtocol::kProtobuf)->Arg(0)->Arg(1);
BENCHMARK_CAPTURE(encode, json, config::OtlpProtocol::kJson)->Arg(0)->Arg(1);

/// What exporting adds for a destination that follows closely: the receipt is there, parsed for the metrics.
void add_destination(benchmark::State& state) {
  const model::Receipt receipt = receipt_of(state);
  ReceiptSpans to_spans({});
  TraceBatch batch(config::OtlpProtocol::kProtobuf, {});
  for (auto _ : state) {
    for (const Span& span : to_spans.of(receipt)) batch.add(span);
    if (batch.spans() < kBatchSpans) continue;
    benchmark::DoNotOptimize(batch.body());
    batch.clear();
  }
}
BENCHMARK(add_destination)->Arg(0)->Arg(1);

/// Reading the journal: what each follower pays for every record; `unpacked`: with the record's text, as the metrics
/// and who catches up need it. An exporter that follows closely finds receipts parsed already.
void read_journal(benchmark::State& state, bool unpacked) {
  const std::string json = model::to_json(receipt_of(state));
  journal::FaultyFileSystem files; // in memory
  const auto recovered = journal::recover(files, "/data", {"node-1", false});
  auto writer = journal::Writer::start(files, {.data_dir = "/data"}, *recovered);
  constexpr int kRecords = 10'000;
  for (int i = 0; i < kRecords; ++i) {
    Ulid id;
    id.bytes[15] = static_cast<std::uint8_t>(i);
    id.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    if (!(*writer)->append({journal::Kind::kClose, id, WallTime{}, json}, [](auto) {}))
      return state.SkipWithError("not written");
  }
  if (!(*writer)->flush()) return state.SkipWithError("not written");
  journal::Entry entry;
  std::optional<journal::Cursor> cursor;
  const auto begin = [&] {
    cursor.emplace((*writer)->reader());
    if (!unpacked) cursor->skip_payloads();
  };
  begin();
  for (auto _ : state) {
    const auto more = cursor->next(entry);
    if (!more || !*more) begin();
  }
}
BENCHMARK_CAPTURE(read_journal, packed, false)->Arg(0)->Arg(1);
BENCHMARK_CAPTURE(read_journal, unpacked, true)->Arg(0)->Arg(1);

/// All that one more receipt costs but for the socket: stored bytes → receipt → spans → body, with or without gzip.
void whole(benchmark::State& state, bool compressed) {
  const std::string json = model::to_json(receipt_of(state));
  ReceiptSpans to_spans({});
  TraceBatch batch(config::OtlpProtocol::kProtobuf, {});
  for (auto _ : state) {
    const auto receipt = model::receipt_from_json(json, model::ReceiptPart::kTold);
    for (const Span& span : to_spans.of(*receipt)) batch.add(span);
    if (batch.spans() < kBatchSpans) continue;
    const std::string body = batch.body();
    if (compressed) benchmark::DoNotOptimize(gzip(body));
    batch.clear();
  }
}
BENCHMARK_CAPTURE(whole, plain, false)->Arg(0)->Arg(1);
BENCHMARK_CAPTURE(whole, gzip, true)->Arg(0)->Arg(1);

void fold_metrics(benchmark::State& state) {
  const model::Receipt receipt = receipt_of(state);
  observe::Metrics own;
  observe::Metrics genai("gen_ai.");
  ReceiptMetrics folding(own, genai, {});
  for (auto _ : state) folding.fold(receipt);
}
BENCHMARK(fold_metrics)->Arg(0)->Arg(1);

} // namespace
} // namespace kairos::telemetry

BENCHMARK_MAIN();
