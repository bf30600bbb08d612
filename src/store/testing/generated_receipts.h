// Believable receipts by the million, always the same for the same seed: skewed over tenants, models and workflows, a
// few refused, failed, interrupted, cached, retried and unpriced. For tests and benchmarks.
#pragma once

#include <cstdint>

#include "store/receipt_store.h"

namespace kairos::store {

struct GeneratorOptions {
  std::uint64_t seed = 1;
  WallTime from{};
  std::chrono::microseconds step{1'000'000}; // mean distance of two receipts
  int tenants = 50;
  int workflows = 20;
  int models = 15;
  std::uint64_t after = 0; // sequence before the first
};

class ReceiptGenerator {
public:
  explicit ReceiptGenerator(const GeneratorOptions& options);
  /// Sequences 1, 2, 3, …, counted from `after`.
  StoredReceipt next();

private:
  std::uint64_t random(std::uint64_t below);
  /// Small numbers are much more frequent.
  int skewed(int below);
  void fill_attempts(model::Receipt& receipt);
  void fill_cost(model::Receipt& receipt);

  const GeneratorOptions options_;
  std::uint64_t state_;
  std::uint64_t sequence_ = 0;
  WallTime now_;
};

} // namespace kairos::store
