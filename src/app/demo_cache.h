// The exact-answer cache of the demo's past: brightmail asks for the digest of the same newsletter once per reader, and
// since three weeks before the history's end repeats are answered without a provider. The share of repeats grows, so
// that it passes two fifths of the summaries in the last days.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "model/receipt.h"
#include "sim/workload.h"

namespace kairos::app {

class PastCache {
public:
  /// What a repeat is answered with.
  struct Answer {
    std::string receipt_id;
    WallTime at{};
    std::string model_id, provider, region, finish_reason;
    std::optional<Picodollars> cost;
    model::Usage usage;
  };

  explicit PastCache(WallTime end) : end_(end) {}
  /// nullptr: it is no repeat. Valid until the next keep().
  const Answer* repeated(const sim::Workload& load, WallTime at, sim::Random& random);
  void keep(const sim::Workload& load, const model::Receipt& receipt);

private:
  const WallTime end_;
  double owed_ = 0; // repeats that are due
  std::deque<Answer> recent_;
};

} // namespace kairos::app
