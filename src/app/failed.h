// How a command ends that could not do what it was told.
#pragma once

#include <fmt/format.h>

#include <cstdio>

#include "base/result.h"

namespace kairos::app {

/// One line on stderr, behind what was printed before; the exit code.
inline int failed(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "kairosroute: {}\n", error.message);
  return 1;
}

} // namespace kairos::app
