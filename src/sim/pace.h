// How fast the simulated models are: time to the first token and tokens per second, by family, with a spread that has
// the long tail of real services. Invented figures of a believable size; the demo's history uses the same ones.
#pragma once

#include <string_view>

#include "sim/sim_text.h"

namespace kairos::sim {

struct Pace {
  double first_ms = 400;         // median time to the first token
  double tokens_per_second = 80; // median
};

Pace pace_of(std::string_view model);
/// A factor with median 1; one in twenty is above exp(1.64 × sigma).
double spread(Random& random, double sigma);
/// Evenly from 0 to below 1.
double uniform(Random& random);

} // namespace kairos::sim
