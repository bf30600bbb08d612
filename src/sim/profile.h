// How a simulated model behaves when all is well. The figures are round numbers in the range that public speed tables
// show for models of each size; they are nobody's measured truth.
#pragma once

#include <cstdint>
#include <string_view>

namespace kairos::sim {

struct Profile {
  double first_token_ms = 400; // median …
  double sigma = 0.35;         // … and spread (log-normal) of the time to the first token
  double tokens_per_second = 80;
  double output_tokens = 140; // median of the answer's length
  double error_rate = 0;      // answers that fail by themselves, in shares of 1
  bool reasons = false;       // thinks before it answers
};

/// By the name's parts: "mini", "flash", "haiku" are quick and small; "opus", "pro" slow; "o3", "gpt-5", "r1" think.
Profile profile_of(std::string_view model);

} // namespace kairos::sim
