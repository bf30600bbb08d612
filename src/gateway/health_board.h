// HealthBoard: how each target (model at a provider in a region) has done over the last five minutes, and its circuit
// breaker. Shared by all loops, thread-safe; a record's mutex is held for a few dozen instructions. Routing is given a
// picture of it that is at most kPictureAge old; admit() is asked again right before an attempt.
//
// Breaker: opens after kFailuresInARow failures, or when half of at least kLeastRequests in the window failed; stays
// open for a pause that doubles from 5 s to 2 min with every failed probe; then lets one probe through at a time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "model/views.h"
#include "tokens/learnt_factor.h"

namespace kairos::gateway {

/// Counts of durations in logarithmic buckets, four to a doubling: a percentile is at most 19 % too high.
class DurationCounts {
public:
  static constexpr size_t kBuckets = 88; // up to 2^22 ms, more than an hour
  void add(Duration duration) { ++counts_[bucket_of(duration)]; }
  void merge(const DurationCounts& other);
  /// The upper end of the bucket in which the share `q` (0..1) is reached; nullopt: nothing was counted.
  std::optional<std::int64_t> percentile_ms(double q) const;

private:
  static size_t bucket_of(Duration duration);
  std::array<std::uint32_t, kBuckets> counts_{};
};

class TargetRecord {
public:
  static constexpr int kFailuresInARow = 5;
  static constexpr std::int64_t kLeastRequests = 20;
  static constexpr Duration kFirstPause = std::chrono::seconds(5);
  static constexpr Duration kLongestPause = std::chrono::minutes(2);

  /// May an attempt be made? True for a closed breaker, and for one probe when an open one's pause is over. Every true
  /// must be followed by one of the next three.
  bool admit(MonoTime now);
  void succeeded(MonoTime now, Duration latency, std::optional<Duration> ttft, std::int64_t output_tokens);
  void failed(MonoTime now);
  /// What the provider said the input was, beside what was estimated.
  void billed(std::int64_t estimated, std::int64_t reported);
  /// The attempt says nothing about the target: the client left, or the request was at fault.
  void abandoned();
  model::TargetHealth health(MonoTime now) const;

private:
  static constexpr Duration kSlotLength = std::chrono::seconds(10);
  static constexpr size_t kSlots = 30;
  struct Slot {
    std::int64_t number = -1; // time / kSlotLength
    std::int64_t good = 0;
    std::int64_t failed = 0;
    std::int64_t output_tokens = 0;
    Duration producing{}; // time from first byte to last
    DurationCounts latency;
    DurationCounts ttft;
  };
  Slot& slot(MonoTime now);
  Slot sum(MonoTime now) const;
  void open(MonoTime now);

  mutable std::mutex mutex_;
  std::array<Slot, kSlots> slots_;
  int failures_in_a_row_ = 0;
  std::optional<MonoTime> open_until_; // set: the breaker is open, or half-open once that time has passed
  Duration pause_ = kFirstPause;
  bool probing_ = false;
  tokens::LearntFactor input_factor_;
};

class HealthBoard {
public:
  static constexpr Duration kPictureAge = std::chrono::milliseconds(250);

  /// By model::target_key. The reference is valid as long as the board; look it up once per loop.
  TargetRecord& of(const std::string& target_key);
  /// What routing reads. Made anew by whoever asks first after kPictureAge.
  std::shared_ptr<const model::Health> picture(MonoTime now);

private:
  using Records = std::map<std::string, std::unique_ptr<TargetRecord>, std::less<>>;
  struct Picture {
    std::shared_ptr<const model::Health> health = std::make_shared<const model::Health>();
    std::optional<MonoTime> made;
  };
  Guarded<Records> records_;
  Guarded<Picture> picture_;
};

} // namespace kairos::gateway
