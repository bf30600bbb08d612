#include "observe/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>

namespace kairos::observe {
namespace {

constexpr std::string_view kPrefix = "kairosroute_";

[[noreturn]] void die(std::string_view name, const char* why) {
  std::fprintf(stderr, "metric %.*s: %s\n", static_cast<int>(name.size()), name.data(), why);
  std::abort();
}

template <class Metric>
struct Family {
  std::string help;
  std::map<Labels, std::unique_ptr<Metric>> series;

  /// The metric of these labels, or of the shared series once there are too many.
  template <class Make>
  Metric& get(Labels labels, const Make& make) {
    std::ranges::sort(labels);
    const auto found = series.find(labels);
    if (found != series.end()) return *found->second;
    if (series.size() >= kMaxSeries) {
      for (auto& label : labels) label.second = "other";
    }
    auto& metric = series[std::move(labels)];
    if (!metric) metric = make();
    return *metric;
  }
};

void fill(prometheus::ClientMetric& into, const Counter& from) {
  into.counter.value = static_cast<double>(from.value());
}
void fill(prometheus::ClientMetric& into, const Gauge& from) { into.gauge.value = from.value(); }
void fill(prometheus::ClientMetric& into, const Histogram& from) {
  std::uint64_t cumulative = 0;
  for (size_t i = 0; i <= from.bounds().size(); ++i) {
    cumulative += from.in_bucket(i);
    const double bound = i < from.bounds().size() ? from.bounds()[i] : std::numeric_limits<double>::infinity();
    into.histogram.bucket.push_back({cumulative, bound});
  }
  into.histogram.sample_count = cumulative;
  into.histogram.sample_sum = from.sum();
}

constexpr prometheus::MetricType type_of(const Counter*) { return prometheus::MetricType::Counter; }
constexpr prometheus::MetricType type_of(const Gauge*) { return prometheus::MetricType::Gauge; }
constexpr prometheus::MetricType type_of(const Histogram*) { return prometheus::MetricType::Histogram; }

} // namespace

struct Metrics::Impl {
  template <class Metric>
  using Families = std::map<std::string, Family<Metric>, std::less<>>;

  mutable std::mutex mutex;
  Families<Counter> counters;
  Families<Gauge> gauges;
  Families<Histogram> histograms;

  /// Under the lock.
  template <class Metric>
  Family<Metric>& family(Families<Metric>& families, std::string_view name, std::string_view help) {
    const auto found = families.find(name);
    if (found != families.end()) return found->second;
    if (!name.starts_with(kPrefix)) die(name, "names begin with kairosroute_");
    const bool taken = counters.contains(name) || gauges.contains(name) || histograms.contains(name);
    if (taken) die(name, "is there already, of another kind");
    Family<Metric>& made = families[std::string(name)];
    made.help = help;
    return made;
  }

  template <class Metric>
  static void collect(const Families<Metric>& families, std::vector<prometheus::MetricFamily>& into) {
    for (const auto& [name, family] : families) {
      prometheus::MetricFamily page{name, family.help, type_of(static_cast<const Metric*>(nullptr)), {}};
      for (const auto& [labels, metric] : family.series) {
        prometheus::ClientMetric& line = page.metric.emplace_back();
        for (const auto& [label, value] : labels) line.label.push_back({label, value});
        fill(line, *metric);
      }
      into.push_back(std::move(page));
    }
  }
};

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), buckets_(new std::atomic<std::uint64_t>[bounds.size() + 1]()) {}

void Histogram::observe(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  buckets_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (size_t i = 0; i <= bounds_.size(); ++i) total += in_bucket(i);
  return total;
}

std::span<const double> latency_bounds() {
  static constexpr std::array<double, 19> kBounds = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
  return kBounds;
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  if (!name.ends_with("_total")) die(name, "names of counters end in _total");
  const std::scoped_lock lock(impl_->mutex);
  return impl_->family(impl_->counters, name, help).get(labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->family(impl_->gauges, name, help).get(labels, [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              const Labels& labels) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->family(impl_->histograms, name, help).get(labels, [&] { return std::make_unique<Histogram>(bounds); });
}

std::string Metrics::exposition() const {
  std::vector<prometheus::MetricFamily> pages;
  {
    const std::scoped_lock lock(impl_->mutex);
    Impl::collect(impl_->counters, pages);
    Impl::collect(impl_->gauges, pages);
    Impl::collect(impl_->histograms, pages);
  }
  return prometheus::TextSerializer().Serialize(pages);
}

} // namespace kairos::observe
