// LearntFactor: how many tokens one model at one provider bills per token we estimate, learnt from returned usage. The
// logarithm of the ratio is averaged, with the weight of old observations fading after 200; one observation moves
// within [1/4, 8] only, so that a wrong report cannot spoil an estimate for long. Not thread-safe: its owner's lock
// guards it.
#pragma once

#include <cstdint>
#include <optional>

namespace kairos::tokens {

class LearntFactor {
public:
  /// Inputs under 64 estimated tokens teach nothing (framing dominates) and are ignored, so are reports of 0 or less.
  void observe(std::int64_t estimated, std::int64_t reported);
  /// reported / estimated, geometric mean; nullopt before 5 observations.
  std::optional<double> ratio() const;

private:
  double mean_ = 0; // of log(ratio)
  std::int64_t observations_ = 0;
};

} // namespace kairos::tokens
