// For tests: what a simulated answer sends.
#pragma once

#include <string>

#include "sim/sim_engine.h"

namespace kairos::sim::testing {

inline std::string bytes_of(const SimAnswer& answer) {
  std::string all;
  for (const Piece& piece : answer.pieces) all += piece.bytes;
  return all;
}

} // namespace kairos::sim::testing
