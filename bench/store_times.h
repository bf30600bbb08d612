// What the store's benchmark measures with: a watch, percentiles, and stopping at an error.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/result.h"

namespace kairos::store {

using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

inline double since(Steady::time_point start) { return Milliseconds(Steady::now() - start).count(); }

struct Times {
  std::vector<double> all;
  std::string text() {
    if (all.empty()) return "none";
    std::ranges::sort(all);
    const auto rank = [&](size_t per_cent) { return all[(all.size() * per_cent + 99) / 100 - 1]; };
    return fmt::format("p50 {:6.1f}  p95 {:6.1f}  max {:6.1f} ms  ({} times)", rank(50), rank(95), all.back(),
                       all.size());
  }
};

[[noreturn]] inline void stop(const Error& error) {
  fmt::print(stderr, "store_bench: {}\n", error.message);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error());
  return std::move(*result);
}

} // namespace kairos::store
