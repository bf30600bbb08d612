// Layout of the classifier's weights, little endian: this header, then one int8 per bucket and learnt category,
// bucket-major. Written by tools/classifier/train.cc, read by Classifier::open.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "classify/classifier.h"

namespace kairos::classify {

inline constexpr std::string_view kWeightsMagic = "KRCLASS1";

struct WeightsHeader {
  std::array<char, 8> magic{};
  std::array<char, 24> version{}; // text, padded with zeros
  std::uint32_t bucket_bits = 0;  // 8..22
  float scale = 0;                // weight = int8 × scale
  float temperature = 1;
  float floor = 0; // abstain below
  std::array<float, kLearntCategories> bias{};
};
static_assert(sizeof(WeightsHeader) == 76);

} // namespace kairos::classify
