#include "store/duckdb/rows.h"

#include <algorithm>
#include <cmath>

#include "base/hex.h"
#include "base/ulid.h"
#include "store/sketch.h"
#include "store/time_buckets.h"

namespace kairos::store {
namespace {

using model::Meter;

std::optional<std::int64_t> picodollars(const std::optional<Picodollars>& amount) {
  return amount ? std::optional(amount->value()) : std::nullopt;
}

std::optional<std::int64_t> bucket(std::optional<std::int64_t> duration) {
  return duration ? std::optional<std::int64_t>(sketch_bucket(*duration)) : std::nullopt;
}

/// The six classes that the tables keep apart: their place behind the first one of a run of columns.
size_t class_column(std::optional<Meter> meter) {
  if (meter == Meter::kInput) return 0;
  if (meter == Meter::kCacheRead) return 1;
  if (meter == Meter::kCacheWrite || meter == Meter::kCacheWrite1h) return 2;
  if (meter == Meter::kOutput) return 3;
  if (meter == Meter::kReasoning) return 4;
  return 5;
}

template <class Row, class Enum>
void set_tokens(Row& row, Enum first, const model::Usage& usage) {
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    if (!model::is_token_meter(meter)) continue;
    row.add(static_cast<Enum>(static_cast<size_t>(first) + class_column(meter)), usage[meter]);
  }
}

void set_costs(HotRow& row, const model::Receipt& r) {
  row.set(R::kCost, picodollars(r.cost.total));
  row.set(R::kCharged, picodollars(r.cost.charged));
  row.set(R::kBaseline, r.savings ? picodollars(r.savings->baseline_cost) : std::nullopt);
  row.set(R::kSavings, r.savings ? picodollars(r.savings->savings) : std::nullopt);
  row.set(R::kAvoided, r.cache ? picodollars(r.cache->avoided_cost) : std::nullopt);
  for (const model::CostLine& line : r.cost.lines) {
    const size_t column = static_cast<size_t>(R::kCostInput) + class_column(model::parse_meter(line.meter));
    if (line.cost) row.add(static_cast<R>(column), line.cost->value());
  }
}

void set_identity(HotRow& row, const StoredReceipt& stored) {
  row.set(R::kSequence, static_cast<std::int64_t>(stored.sequence));
  row.set(R::kSegment, static_cast<std::int64_t>(stored.place.segment));
  row.set(R::kPlace, static_cast<std::int64_t>(stored.place.offset));
  row.set(R::kCreated, micros(stored.receipt.created_at));
  row.set(R::kCompleted, micros(stored.receipt.completed_at));
  row.set(R::kCorrectionSegment, kNull);
  row.set(R::kCorrectionPlace, kNull);
}

void set_names(HotRow& row, const model::Receipt& r, Names& names) {
  const auto set = [&](R column, Kind kind, std::string_view text) { row.set(column, names.intern(kind, text)); };
  set(R::kTenant, Kind::kTenant, r.tenant);
  set(R::kWorkflow, Kind::kWorkflow, r.workflow);
  set(R::kKey, Kind::kKey, r.api_key_id);
  set(R::kEndUser, Kind::kEndUser, r.end_user);
  set(R::kRequestedModel, Kind::kModel, r.request.model);
  set(R::kModel, Kind::kModel, r.execution.model_id);
  set(R::kProvider, Kind::kProvider, r.execution.provider);
  set(R::kRegion, Kind::kRegion, r.execution.region);
  set(R::kErrorCode, Kind::kErrorCode, r.execution.error_code);
  set(R::kRouter, Kind::kRouter, r.decision.router_version);
  set(R::kPolicy, Kind::kPolicy, r.decision.policy_version);
}

void set_outcome(HotRow& row, const model::Receipt& r) {
  row.set(R::kCategory, static_cast<std::int64_t>(r.classification.category));
  row.set(R::kStatus, static_cast<std::int64_t>(r.execution.status));
  row.set(R::kEndpoint, static_cast<std::int64_t>(r.request.endpoint));
  row.set(R::kBasis, static_cast<std::int64_t>(r.cost.basis));
  row.set(R::kHttpStatus, r.execution.http_status);
  row.set(R::kRequests, std::max<std::int64_t>(r.count, 1));
  row.set(R::kAttempts, static_cast<std::int64_t>(r.attempts.size()));
  const bool fell_back = std::ranges::any_of(
      r.attempts, [](const model::Attempt& a) { return a.reason == model::AttemptReason::kFallback; });
  row.set(R::kFallback, fell_back ? 1 : 0);
  row.set(R::kCacheHit, r.cache && r.cache->hit ? 1 : 0);
  row.set(R::kLatency, r.execution.latency_ms);
  row.set(R::kTtft, r.execution.ttft_ms);
  row.set(R::kOverhead, r.execution.overhead_us);
  const bool refused = r.execution.status == model::Status::kRefused;
  row.set(R::kLatencyBucket, refused ? std::nullopt : bucket(r.execution.latency_ms));
  row.set(R::kTtftBucket, bucket(r.execution.ttft_ms));
  row.set(R::kOverheadBucket, bucket(r.execution.overhead_us));
  const double confidence =
      std::clamp(std::isfinite(r.classification.confidence) ? r.classification.confidence : 0.0, 0.0, 1.0);
  row.set(R::kConfidence, std::llround(confidence * 1e6));
  row.set(R::kPrivacyDropped, std::clamp<std::int64_t>(r.privacy.dropped, 0, 1'000'000));
}

AttemptRow attempt_row(const HotRow& receipt, const model::Attempt& attempt, Names& names) {
  AttemptRow row;
  constexpr std::array<std::pair<A, R>, 18> kShared = {{{A::kSequence, R::kSequence},
                                                        {A::kCreated, R::kCreated},
                                                        {A::kTenant, R::kTenant},
                                                        {A::kWorkflow, R::kWorkflow},
                                                        {A::kKey, R::kKey},
                                                        {A::kEndUser, R::kEndUser},
                                                        {A::kRequestedModel, R::kRequestedModel},
                                                        {A::kErrorCode, R::kErrorCode},
                                                        {A::kRouter, R::kRouter},
                                                        {A::kPolicy, R::kPolicy},
                                                        {A::kCategory, R::kCategory},
                                                        {A::kStatus, R::kStatus},
                                                        {A::kEndpoint, R::kEndpoint},
                                                        {A::kBasis, R::kBasis},
                                                        {A::kReceiptCost, R::kCost},
                                                        {A::kReceiptLatency, R::kLatency},
                                                        {A::kCacheHit, R::kCacheHit},
                                                        {A::kFallback, R::kFallback}}};
  for (const auto& [to, from] : kShared) row.set(to, receipt[from]);
  row.set(A::kModel, names.intern(Kind::kModel, attempt.model_id));
  row.set(A::kProvider, names.intern(Kind::kProvider, attempt.provider));
  row.set(A::kRegion, names.intern(Kind::kRegion, attempt.region));
  row.set(A::kReason, static_cast<std::int64_t>(attempt.reason));
  row.set(A::kFailed, attempt.status == "success" ? 0 : 1);
  row.set(A::kCost, picodollars(attempt.cost));
  set_tokens(row, A::kTokensInput, attempt.usage);
  row.set(A::kLatency, attempt.latency_ms);
  row.set(A::kTtft, attempt.ttft_ms);
  row.set(A::kLatencyBucket, bucket(attempt.latency_ms));
  row.set(A::kTtftBucket, bucket(attempt.ttft_ms));
  return row;
}

void note_facets(const HotRow& row, Names& names) {
  const auto tenant = static_cast<std::int32_t>(row[R::kTenant]);
  constexpr std::array<std::pair<Kind, R>, 9> kFacets = {{{Kind::kTenant, R::kTenant},
                                                          {Kind::kWorkflow, R::kWorkflow},
                                                          {Kind::kKey, R::kKey},
                                                          {Kind::kModel, R::kModel},
                                                          {Kind::kModel, R::kRequestedModel},
                                                          {Kind::kProvider, R::kProvider},
                                                          {Kind::kRegion, R::kRegion},
                                                          {Kind::kErrorCode, R::kErrorCode},
                                                          {Kind::kPolicy, R::kPolicy}}};
  for (const auto& [kind, column] : kFacets) names.occurs(tenant, kind, static_cast<std::int32_t>(row[column]));
}

void add_tags(const HotRow& receipt, const model::Receipt& r, Names& names, std::vector<TagRow>& tags) {
  const size_t first = tags.size();
  for (const auto& [key, value] : r.tags) {
    TagRow row;
    row.set(T::kSequence, receipt[R::kSequence]);
    row.set(T::kCreated, receipt[R::kCreated]);
    row.set(T::kKey, names.intern(Kind::kTagKey, key));
    row.set(T::kValue, names.intern(Kind::kTagValue, value));
    const auto same_key = [&](const TagRow& other) { return other[T::kKey] == row[T::kKey]; };
    if (std::any_of(tags.begin() + static_cast<std::ptrdiff_t>(first), tags.end(), same_key)) continue;
    names.occurs(static_cast<std::int32_t>(receipt[R::kTenant]), Kind::kTagKey,
                 static_cast<std::int32_t>(row[T::kKey]));
    tags.push_back(row);
  }
}

std::int64_t big_endian(std::span<const std::uint8_t, 8> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8U) | byte;
  return static_cast<std::int64_t>(value);
}

} // namespace

Result<> add_rows(const StoredReceipt& stored, Names& names, RowBatch& batch) {
  const model::Receipt& r = stored.receipt;
  const auto id = id_halves(r.receipt_id);
  if (!id)
    return fail(Code::kCorrupt,
                "receipt with sequence " + std::to_string(stored.sequence) + " has a malformed receipt_id");
  HotRow row;
  set_identity(row, stored);
  row.set(R::kIdHigh, id->high);
  row.set(R::kIdLow, id->low);
  const auto trace = trace_halves(r.trace.trace_id);
  row.set(R::kTraceHigh, trace ? std::optional(trace->high) : std::nullopt);
  row.set(R::kTraceLow, trace ? std::optional(trace->low) : std::nullopt);
  set_names(row, r, names);
  set_outcome(row, r);
  set_costs(row, r);
  set_tokens(row, R::kTokensInput, r.usage);
  note_facets(row, names);
  batch.receipts.push_back(row);
  for (const model::Attempt& attempt : r.attempts) batch.attempts.push_back(attempt_row(row, attempt, names));
  add_tags(row, r, names, batch.tags);
  return {};
}

std::optional<IdHalves> id_halves(std::string_view receipt_id) {
  const auto ulid = parse_receipt_id(receipt_id);
  if (!ulid) return std::nullopt;
  const std::span<const std::uint8_t, 16> bytes(ulid->bytes);
  return IdHalves{big_endian(bytes.first<8>()), big_endian(bytes.last<8>())};
}

std::string receipt_id_of(const IdHalves& id) {
  Ulid ulid;
  for (size_t i = 0; i < 8; ++i) {
    ulid.bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(id.high) >> (56 - 8 * i));
    ulid.bytes[8 + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(id.low) >> (56 - 8 * i));
  }
  return receipt_id(ulid);
}

std::optional<IdHalves> trace_halves(std::string_view trace_id) {
  const auto bytes = from_hex(trace_id);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  const std::span<const std::uint8_t> all(*bytes);
  return IdHalves{big_endian(all.first<8>()), big_endian(all.last<8>())};
}

} // namespace kairos::store
