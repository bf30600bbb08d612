#include "store/testing/generated_receipts.h"

#include <fmt/format.h>

#include "base/ulid.h"

namespace kairos::store {
namespace {

using model::Meter;

Ulid ulid_at(WallTime time, std::uint64_t sequence) {
  Ulid ulid;
  auto ms = static_cast<std::uint64_t>(time.time_since_epoch().count() / 1000);
  for (size_t i = 6; i-- > 0; ms >>= 8U) ulid.bytes[i] = static_cast<std::uint8_t>(ms);
  for (size_t i = 16; i-- > 8; sequence >>= 8U) ulid.bytes[i] = static_cast<std::uint8_t>(sequence);
  return ulid;
}

constexpr const char* kProviders[] = {"openai", "anthropic", "google", "mistral"};
constexpr const char* kRegions[] = {"us-east", "eu-west", "", "ap-south"};

} // namespace

ReceiptGenerator::ReceiptGenerator(const GeneratorOptions& options)
    : options_(options), state_(options.seed * 0x9E3779B97F4A7C15ULL + 1), sequence_(options.after),
      now_(options.from) {}

std::uint64_t ReceiptGenerator::random(std::uint64_t below) {
  // SplitMix64 (Steele, Lea, Flood 2014).
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return (z ^ (z >> 31U)) % below;
}

int ReceiptGenerator::skewed(int below) {
  const auto n = static_cast<std::uint64_t>(below);
  return static_cast<int>(random(random(random(n) + 1) + 1));
}

void ReceiptGenerator::fill_attempts(model::Receipt& r) {
  r.privacy.dropped = static_cast<std::int64_t>(r.created_at.time_since_epoch().count() / 1000 % 11 % 4);
  const int model = skewed(options_.models);
  const bool fails_first = random(20) == 0;
  for (int i = 0; i < (fails_first ? 2 : 1); ++i) {
    model::Attempt attempt;
    attempt.index = i;
    const int which = (model + (fails_first ? 1 - i : 0)) % options_.models;
    attempt.model_id = fmt::format("model-{}", which);
    attempt.provider = kProviders[which % 4];
    attempt.region = kRegions[which % 3];
    attempt.started_at = r.created_at;
    const bool failed = fails_first && i == 0;
    attempt.latency_ms = failed ? 30 : static_cast<std::int64_t>(200 + random(200) * random(40));
    if (!failed) attempt.ttft_ms = attempt.latency_ms / 3;
    attempt.status = failed ? "error" : "success";
    attempt.reason = i == 0 ? model::AttemptReason::kFirst : model::AttemptReason::kFallback;
    attempt.cost = Picodollars(0);
    if (!failed) {
      attempt.usage[Meter::kInput] = static_cast<std::int64_t>(100 + random(4000));
      attempt.usage[Meter::kCacheRead] = random(3) == 0 ? static_cast<std::int64_t>(random(3000)) : 0;
      attempt.usage[Meter::kOutput] = static_cast<std::int64_t>(10 + random(900));
      attempt.usage[Meter::kReasoning] = random(5) == 0 ? static_cast<std::int64_t>(random(2000)) : 0;
    }
    attempt.usage.source = model::UsageSource::kProvider;
    r.attempts.push_back(std::move(attempt));
  }
}

void ReceiptGenerator::fill_cost(model::Receipt& r) {
  model::Attempt& last = r.attempts.back();
  r.usage = last.usage;
  const bool priced = random(100) != 0;
  const std::int64_t nano = (last.model_id.back() - '0' + 1) * std::int64_t{150'000'000};
  Picodollars total;
  constexpr std::pair<Meter, std::int64_t> kPrices[] = {
      {Meter::kInput, 10}, {Meter::kCacheRead, 1}, {Meter::kOutput, 50}, {Meter::kReasoning, 50}};
  for (const auto& [meter, tenths] : kPrices) {
    if (r.usage[meter] == 0) continue;
    const UnitPrice price(nano * tenths / 10);
    model::CostLine line{last.index, std::string(model::meter_name(meter)), r.usage[meter], price,
                         line_cost(r.usage[meter], price)};
    total += line.cost.value_or(Picodollars());
    if (!priced) line.cost.reset();
    r.cost.lines.push_back(std::move(line));
  }
  r.cost.price_version = "2026-11";
  if (!priced) {
    last.cost.reset();
    return;
  }
  last.cost = total;
  r.cost.total = total;
  const Picodollars baseline(total.value() * 2 + 12'345);
  r.savings = model::Savings{"model-9", baseline, baseline - total};
}

StoredReceipt ReceiptGenerator::next() {
  now_ += std::chrono::microseconds(random(static_cast<std::uint64_t>(options_.step.count()) * 2) + 1);
  StoredReceipt stored;
  stored.sequence = ++sequence_;
  stored.place = {1, sequence_ * 100};
  model::Receipt& r = stored.receipt;
  r.receipt_id = receipt_id(ulid_at(now_, sequence_));
  r.node_id = "generated";
  r.created_at = now_;
  r.tenant = fmt::format("tenant-{}", skewed(options_.tenants));
  r.workflow = fmt::format("workflow-{}", skewed(options_.workflows));
  r.api_key_id = r.tenant + "-key";
  r.end_user = random(2) == 0 ? fmt::format("user-{}", skewed(1000)) : "";
  if (random(2) == 0) r.tags = {{"team", fmt::format("team-{}", skewed(6))}};
  r.trace.trace_id = fmt::format("{:016x}{:016x}", random(UINT64_MAX), random(UINT64_MAX));
  r.request.model = random(10) == 0 ? "model-3" : "auto";
  r.classification.category = static_cast<model::Category>(skewed(model::kCategoryCount));
  r.classification.confidence = static_cast<double>(500'000 + random(500'000)) / 1e6;
  r.decision.router_version = "0.1.0";
  r.decision.policy_version = fmt::format("v{}", 40 + sequence_ / 100'000);
  r.execution.overhead_us = static_cast<std::int64_t>(40 + random(200));
  const std::uint64_t fate = random(100);
  if (fate < 3) {
    r.execution.status = model::Status::kRefused;
    r.execution.error_code = "budget_exceeded";
    r.execution.http_status = 402;
    r.cost.total = Picodollars(0);
    r.count = static_cast<std::int64_t>(1 + random(3));
  } else {
    fill_attempts(r);
    fill_cost(r);
    const model::Attempt& last = r.attempts.back();
    r.execution.model_id = last.model_id;
    r.execution.provider = last.provider;
    r.execution.region = last.region;
    r.execution.latency_ms = last.latency_ms + static_cast<std::int64_t>(r.attempts.size());
    r.execution.ttft_ms = last.ttft_ms;
    r.execution.http_status = 200;
    if (fate < 5) r.execution.status = model::Status::kError;
    if (fate == 5) {
      r.execution.status = model::Status::kInterrupted;
      r.cost.basis = model::CostBasis::kReservation;
    }
    if (fate >= 95) r.cache = model::CacheSummary{true, "exact", r.cost.total, r.receipt_id};
  }
  r.completed_at = now_ + std::chrono::milliseconds(r.execution.latency_ms);
  return stored;
}

} // namespace kairos::store
