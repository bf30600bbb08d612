// Metrics: counters, gauges and histograms under names `kairosroute_*` in base units (seconds, bytes, dollars),
// counters ending in `_total`. Metrics is the registry: it must outlive what it hands out, which stays valid as long as
// it does. Getting one takes a lock and a look-up, so hot code gets it once and keeps the reference; using it is an
// atomic operation or two. All thread-safe. A family holds at most kMaxSeries label combinations: those that come later
// share one series whose label values are all "other", so that no client can grow the page.
// A counter counts whole units. An amounts_counter counts in a small unit of which so many are one: a counter of
// dollars counts picodollars, exactly, up to 18.4 million dollars a series; only what is shown is a binary float.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kairos::observe {

inline constexpr size_t kMaxSeries = 256;
using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<double> value_{0};
};

class Histogram {
public:
  /// `bounds`: inclusive upper ends, ascending; a last bucket without end is added.
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);
  std::uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  std::span<const double> bounds() const { return bounds_; }
  std::uint64_t in_bucket(size_t index) const { return buckets_[index].load(std::memory_order_relaxed); }

private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

/// Raises a counter to what somebody else has counted; the caller is the only one who does.
inline void raise_to(Counter& counter, std::uint64_t total) {
  if (total > counter.value()) counter.add(total - counter.value());
}

/// Everything at one moment, for exporters.
struct MetricPoint {
  Labels labels;
  double value = 0;                   // counters and gauges
  std::vector<std::uint64_t> buckets; // histograms: one more than there are bounds, not cumulative
  double sum = 0;
};
struct MetricFamily {
  enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };
  std::string name;
  std::string help;
  Kind kind = Kind::kCounter;
  std::vector<double> bounds;
  std::vector<MetricPoint> points;
};

/// Seconds, from 0.1 ms to 2 minutes.
std::span<const double> latency_bounds();

class Metrics {
public:
  /// `prefix`: what every name begins with.
  explicit Metrics(std::string prefix = "kairosroute_");
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The same name and labels give the same object. A name that is taken by another kind, or that is not
  /// with the prefix, is a bug of the caller and dies.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Counter& amounts_counter(std::string_view name, std::string_view help, double units_in_one,
                           const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       const Labels& labels = {});

  /// Prometheus' text format, version 0.0.4.
  std::string exposition() const;
  std::vector<MetricFamily> families() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::observe
