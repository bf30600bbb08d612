#include "gateway/health_board.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kairos::gateway {
namespace {

std::int64_t ms(Duration duration) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(); }

} // namespace

size_t DurationCounts::bucket_of(Duration duration) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ms(duration), 1));
  const auto doublings = static_cast<size_t>(std::bit_width(value) - 1);
  const std::uint64_t quarter = doublings < 2 ? (value << (2 - doublings)) & 3 : (value >> (doublings - 2)) & 3;
  return std::min(kBuckets - 1, 4 * doublings + static_cast<size_t>(quarter));
}

void DurationCounts::merge(const DurationCounts& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
}

std::optional<std::int64_t> DurationCounts::percentile_ms(double q) const {
  std::uint64_t all = 0;
  for (const std::uint32_t count : counts_) all += count;
  if (all == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen < wanted || counts_[i] == 0) continue;
    const double end = std::ldexp(1 + static_cast<double>(i % 4 + 1) / 4, static_cast<int>(i / 4)); // not in the bucket
    return static_cast<std::int64_t>(std::ceil(end)) - 1;
  }
  return std::nullopt;
}

TargetRecord::Slot& TargetRecord::slot(MonoTime now) {
  const std::int64_t number = now.time_since_epoch() / kSlotLength;
  Slot& slot = slots_[static_cast<size_t>(number) % kSlots];
  if (slot.number != number) {
    slot = Slot{};
    slot.number = number;
  }
  return slot;
}

TargetRecord::Slot TargetRecord::sum(MonoTime now) const {
  const std::int64_t newest = now.time_since_epoch() / kSlotLength;
  Slot sum;
  for (const Slot& slot : slots_) {
    if (slot.number <= newest - static_cast<std::int64_t>(kSlots) || slot.number > newest) continue;
    sum.good += slot.good;
    sum.failed += slot.failed;
    sum.output_tokens += slot.output_tokens;
    sum.producing += slot.producing;
    sum.latency.merge(slot.latency);
    sum.ttft.merge(slot.ttft);
  }
  return sum;
}

bool TargetRecord::admit(MonoTime now) {
  const std::scoped_lock lock(mutex_);
  if (!open_until_) return true;
  if (now < *open_until_ || probing_) return false;
  probing_ = true;
  return true;
}

void TargetRecord::succeeded(MonoTime now, Duration latency, std::optional<Duration> ttft, std::int64_t output_tokens) {
  const std::scoped_lock lock(mutex_);
  failures_in_a_row_ = 0;
  if (open_until_) slots_.fill(Slot{}); // what broke is mended: its failures must not open the breaker again
  open_until_.reset();
  probing_ = false;
  pause_ = kFirstPause;
  Slot& now_slot = slot(now);
  ++now_slot.good;
  now_slot.latency.add(latency);
  if (!ttft) return;
  now_slot.ttft.add(*ttft);
  now_slot.output_tokens += output_tokens;
  now_slot.producing += std::max(latency - *ttft, Duration{});
}

void TargetRecord::open(MonoTime now) {
  open_until_ = now + pause_;
  pause_ = std::min(pause_ * 2, kLongestPause);
  probing_ = false;
}

void TargetRecord::failed(MonoTime now) {
  const std::scoped_lock lock(mutex_);
  ++slot(now).failed;
  ++failures_in_a_row_;
  if (open_until_) {
    if (probing_) open(now); // else: an attempt that began before the breaker opened
    return;
  }
  const Slot all = sum(now);
  const bool half = all.good + all.failed >= kLeastRequests && all.failed * 2 >= all.good + all.failed;
  if (failures_in_a_row_ >= kFailuresInARow || half) open(now);
}

void TargetRecord::abandoned() {
  const std::scoped_lock lock(mutex_);
  probing_ = false;
}

void TargetRecord::billed(std::int64_t estimated, std::int64_t reported) {
  const std::scoped_lock lock(mutex_);
  input_factor_.observe(estimated, reported);
}

model::TargetHealth TargetRecord::health(MonoTime now) const {
  const std::scoped_lock lock(mutex_);
  const Slot all = sum(now);
  model::TargetHealth health;
  health.available = !open_until_ || (now >= *open_until_ && !probing_);
  health.requests = all.good + all.failed;
  health.failures = all.failed;
  health.ttft_p50_ms = all.ttft.percentile_ms(0.50);
  health.ttft_p75_ms = all.ttft.percentile_ms(0.75);
  health.ttft_p95_ms = all.ttft.percentile_ms(0.95);
  health.latency_p50_ms = all.latency.percentile_ms(0.50);
  health.latency_p75_ms = all.latency.percentile_ms(0.75);
  health.latency_p95_ms = all.latency.percentile_ms(0.95);
  const double seconds = std::chrono::duration<double>(all.producing).count();
  if (seconds > 0) health.tokens_per_second = static_cast<double>(all.output_tokens) / seconds;
  health.input_ratio = input_factor_.ratio();
  return health;
}

TargetRecord& HealthBoard::of(const std::string& target_key) {
  return records_.with([&](Records& records) -> TargetRecord& {
    auto& record = records[target_key];
    if (!record) record = std::make_unique<TargetRecord>();
    return *record;
  });
}

std::shared_ptr<const model::Health> HealthBoard::picture(MonoTime now) {
  const bool old = picture_.with([&](Picture& picture) {
    if (picture.made && now - *picture.made < kPictureAge) return false;
    picture.made = now; // the others go on with what there is while this one makes a new one
    return true;
  });
  if (!old) return picture_.with([](const Picture& picture) { return picture.health; });
  std::vector<std::pair<std::string, const TargetRecord*>> known;
  records_.with([&](const Records& records) {
    for (const auto& [key, record] : records) known.emplace_back(key, record.get());
  });
  auto health = std::make_shared<model::Health>();
  for (const auto& [key, record] : known) health->targets.emplace(key, record->health(now));
  picture_.with([&](Picture& picture) { picture.health = health; });
  return health;
}

} // namespace kairos::gateway
