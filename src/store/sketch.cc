#include "store/sketch.h"

#include <algorithm>

namespace kairos::store {
namespace {

struct Scale {
  std::vector<std::int64_t> last;  // greatest value of each bucket
  std::vector<std::int64_t> value; // that stands for it
};

/// Each bucket begins behind the one before; its value is 1 % above its first number, its last number 1 % above that.
Scale make_scale() {
  constexpr std::int64_t kGreatest = INT32_MAX;
  Scale scale{{0}, {0}};
  while (scale.last.back() < kGreatest) {
    const std::int64_t first = scale.last.back() + 1;
    const std::int64_t value = first * 101 / 100;
    scale.value.push_back(value);
    scale.last.push_back(value * 100 / 99);
  }
  return scale;
}

const Scale& scale() {
  static const Scale kScale = make_scale();
  return kScale;
}

} // namespace

std::int32_t sketch_bucket(std::int64_t value) {
  const auto& last = scale().last;
  const auto found = std::ranges::lower_bound(last, value);
  return static_cast<std::int32_t>(std::min<std::ptrdiff_t>(found - last.begin(), std::ssize(last) - 1));
}

std::int64_t sketch_value(std::int64_t bucket) {
  const auto& values = scale().value;
  return values[static_cast<size_t>(std::clamp<std::int64_t>(bucket, 0, std::ssize(values) - 1))];
}

std::optional<std::int64_t> sketch_percentile(const SketchCounts& counts, int per_cent) {
  std::vector<std::int64_t> by_bucket(scale().value.size());
  std::int64_t all = 0;
  for (const auto& [bucket, count] : counts) {
    by_bucket[static_cast<size_t>(std::clamp<std::int64_t>(bucket, 0, std::ssize(by_bucket) - 1))] += count;
    all += count;
  }
  if (all <= 0) return std::nullopt;
  std::int64_t left = (all * per_cent + 99) / 100;
  for (size_t bucket = 0; bucket < by_bucket.size(); ++bucket) {
    left -= by_bucket[bucket];
    if (left <= 0) return sketch_value(static_cast<std::int64_t>(bucket));
  }
  return sketch_value(std::ssize(by_bucket) - 1);
}

} // namespace kairos::store
