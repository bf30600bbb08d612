// FactorTable: per provider and model, how many tokens the provider bills per token we estimate, learnt from returned
// usage. Thread-safe. Bounded: at most `capacity` models are kept, more are not learnt (counted in refused()).
// The logarithm of the ratio is averaged, with the weight of old observations fading after 200; one observation moves
// within [1/4, 8] only, so that a wrong report cannot spoil an estimate for long. Nothing is persisted: start-up may
// feed it from receipts.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace kairos::tokens {

struct Factor {
  double ratio = 1.0;  // reported / estimated, geometric mean
  double margin = 1.5; // on top, for a likely upper bound: 4 standard deviations, within [1.1, 3]; 1.5 until learnt
  std::int64_t observations = 0;
};

class FactorTable {
public:
  explicit FactorTable(size_t capacity = 4096) : capacity_(capacity) {}

  /// Texts under 64 estimated tokens teach nothing (framing dominates) and are ignored, so are reports of 0 or less.
  void observe(std::string_view provider, std::string_view model, std::int64_t estimated, std::int64_t reported);
  /// The default factor for a model without at least 5 observations.
  Factor find(std::string_view provider, std::string_view model) const;

  size_t size() const;
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

private:
  struct Learnt {
    double mean = 0;     // of log(ratio)
    double variance = 0; // of log(ratio)
    std::int64_t observations = 0;
  };

  const size_t capacity_;
  std::atomic<std::uint64_t> refused_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Learnt, std::less<>> learnt_; // key: provider, '\n', model
};

} // namespace kairos::tokens
