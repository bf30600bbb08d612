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

/// Prometheus' rule; OpenTelemetry's dotted names have none.
bool is_counters_name(std::string_view name) { return name.ends_with("_total") || name.find('.') != name.npos; }

[[noreturn]] void die(std::string_view name, const char* why) {
  std::fprintf(stderr, "metric %.*s: %s\n", static_cast<int>(name.size()), name.data(), why);
  std::abort();
}

template <class Metric>
struct Family {
  std::string help;
  double units_in_one = 1;
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

constexpr MetricFamily::Kind kind_of(const Counter*) { return MetricFamily::Kind::kCounter; }
constexpr MetricFamily::Kind kind_of(const Gauge*) { return MetricFamily::Kind::kGauge; }
constexpr MetricFamily::Kind kind_of(const Histogram*) { return MetricFamily::Kind::kHistogram; }

MetricPoint point_of(const Counter& from, double units_in_one) {
  return {{}, static_cast<double>(from.value()) / units_in_one, {}, 0};
}
MetricPoint point_of(const Gauge& from, double) { return {{}, from.value(), {}, 0}; }
MetricPoint point_of(const Histogram& from, double) {
  MetricPoint point;
  point.sum = from.sum();
  for (size_t i = 0; i <= from.bounds().size(); ++i) point.buckets.push_back(from.in_bucket(i));
  return point;
}

std::vector<double> bounds_of(const Histogram& from) { return {from.bounds().begin(), from.bounds().end()}; }
template <class Metric>
std::vector<double> bounds_of(const Metric&) {
  return {};
}

void fill_histogram(prometheus::ClientMetric& into, const MetricFamily& family, const MetricPoint& point) {
  std::uint64_t cumulative = 0;
  for (size_t i = 0; i < point.buckets.size(); ++i) {
    cumulative += point.buckets[i];
    const double bound = i < family.bounds.size() ? family.bounds[i] : std::numeric_limits<double>::infinity();
    into.histogram.bucket.push_back({cumulative, bound});
  }
  into.histogram.sample_count = cumulative;
  into.histogram.sample_sum = point.sum;
}

prometheus::MetricFamily page_of(const MetricFamily& family) {
  static constexpr std::array kTypes = {prometheus::MetricType::Counter, prometheus::MetricType::Gauge,
                                        prometheus::MetricType::Histogram};
  prometheus::MetricFamily page{family.name, family.help, kTypes[static_cast<size_t>(family.kind)], {}};
  for (const MetricPoint& point : family.points) {
    prometheus::ClientMetric& line = page.metric.emplace_back();
    for (const auto& [label, value] : point.labels) line.label.push_back({label, value});
    line.counter.value = line.gauge.value = point.value;
    if (family.kind == MetricFamily::Kind::kHistogram) fill_histogram(line, family, point);
  }
  return page;
}

} // namespace

struct Metrics::Impl {
  explicit Impl(std::string prefix_in) : prefix(std::move(prefix_in)) {}

  template <class Metric>
  using Families = std::map<std::string, Family<Metric>, std::less<>>;

  const std::string prefix;
  mutable std::mutex mutex;
  Families<Counter> counters;
  Families<Gauge> gauges;
  Families<Histogram> histograms;

  /// Under the lock.
  template <class Metric>
  Family<Metric>& family(Families<Metric>& families, std::string_view name, std::string_view help) {
    const auto found = families.find(name);
    if (found != families.end()) return found->second;
    if (!name.starts_with(prefix)) die(name, "the name lacks the prefix");
    const bool taken = counters.contains(name) || gauges.contains(name) || histograms.contains(name);
    if (taken) die(name, "is there already, of another kind");
    Family<Metric>& made = families[std::string(name)];
    made.help = help;
    return made;
  }

  template <class Metric>
  static void collect(const Families<Metric>& families, std::vector<MetricFamily>& into) {
    for (const auto& [name, family] : families) {
      MetricFamily& made =
          into.emplace_back(MetricFamily{name, family.help, kind_of(static_cast<const Metric*>(nullptr)), {}, {}});
      for (const auto& [labels, metric] : family.series) {
        if (made.bounds.empty()) made.bounds = bounds_of(*metric);
        made.points.push_back(point_of(*metric, family.units_in_one));
        made.points.back().labels = labels;
      }
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

Metrics::Metrics(std::string prefix) : impl_(std::make_unique<Impl>(std::move(prefix))) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  if (!is_counters_name(name)) die(name, "names of counters end in _total");
  const std::scoped_lock lock(impl_->mutex);
  return impl_->family(impl_->counters, name, help).get(labels, [] { return std::make_unique<Counter>(); });
}

Counter& Metrics::amounts_counter(std::string_view name, std::string_view help, double units_in_one,
                                  const Labels& labels) {
  if (!name.ends_with("_total")) die(name, "names of counters end in _total");
  const std::scoped_lock lock(impl_->mutex);
  auto& family = impl_->family(impl_->counters, name, help);
  family.units_in_one = units_in_one;
  return family.get(labels, [] { return std::make_unique<Counter>(); });
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

std::vector<MetricFamily> Metrics::families() const {
  std::vector<MetricFamily> all;
  const std::scoped_lock lock(impl_->mutex);
  Impl::collect(impl_->counters, all);
  Impl::collect(impl_->gauges, all);
  Impl::collect(impl_->histograms, all);
  return all;
}

std::string Metrics::exposition() const {
  std::vector<prometheus::MetricFamily> pages;
  for (const MetricFamily& family : families()) pages.push_back(page_of(family));
  return prometheus::TextSerializer().Serialize(pages);
}

} // namespace kairos::observe
