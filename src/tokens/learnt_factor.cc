#include "tokens/learnt_factor.h"

#include <algorithm>
#include <cmath>

namespace kairos::tokens {
namespace {

constexpr std::int64_t kLeastEstimate = 64;
constexpr std::int64_t kTrusted = 5;  // observations from which on a factor is used
constexpr std::int64_t kMemory = 200; // observations an old one fades over

} // namespace

void LearntFactor::observe(std::int64_t estimated, std::int64_t reported) {
  if (estimated < kLeastEstimate || reported <= 0) return;
  const double ratio = std::clamp(static_cast<double>(reported) / static_cast<double>(estimated), 0.25, 8.0);
  observations_ = std::min(observations_ + 1, kMemory);
  mean_ += (std::log(ratio) - mean_) / static_cast<double>(observations_);
}

std::optional<double> LearntFactor::ratio() const {
  return observations_ < kTrusted ? std::nullopt : std::optional(std::exp(mean_));
}

} // namespace kairos::tokens
