#include "sim/pace.h"

#include <array>
#include <cmath>

namespace kairos::sim {
namespace {

struct Family {
  std::string_view prefix;
  Pace pace;
};

/// The first prefix that fits counts.
constexpr std::array kFamilies = {Family{"gpt-4.1-nano", {190, 210}},
                                  Family{"gpt-4.1-mini", {260, 130}},
                                  Family{"gpt-4.1", {420, 90}},
                                  Family{"gpt-4o-mini", {280, 120}},
                                  Family{"gpt-4o", {430, 100}},
                                  Family{"gpt-5", {900, 95}},
                                  Family{"o", {1900, 110}},
                                  Family{"claude-haiku", {360, 150}},
                                  Family{"claude-sonnet", {780, 75}},
                                  Family{"claude-opus", {1250, 58}},
                                  Family{"gemini-2.5-flash-lite", {220, 240}},
                                  Family{"gemini-2.5-flash", {300, 190}},
                                  Family{"gemini-2.5-pro", {1500, 110}},
                                  Family{"mistral-small", {210, 160}},
                                  Family{"mistral", {380, 85}},
                                  Family{"deepseek", {950, 48}},
                                  Family{"llama", {160, 330}},
                                  Family{"gpt-oss", {170, 400}}};

} // namespace

Pace pace_of(std::string_view model) {
  for (const Family& family : kFamilies) {
    if (model.starts_with(family.prefix)) return family.pace;
  }
  return {};
}

double uniform(Random& random) { return static_cast<double>(random.next() >> 11) * 0x1.0p-53; }

double spread(Random& random, double sigma) {
  double normal = -6; // the sum of twelve uniform numbers, less six, is nearly normal
  for (int i = 0; i < 12; ++i) normal += uniform(random);
  return std::exp(sigma * normal);
}

} // namespace kairos::sim
