// What the classifier sees of a text: hashes of its words, word pairs, opening and closing words, names of tasks, and
// of signs of style. Training (tools/classifier/train.cc) and running use this very code. Pure; reads at most the first
// and the last kWindow bytes word by word, and the first kStyleWindow bytes for style; no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kairos::classify {

inline constexpr size_t kWindow = 400;
inline constexpr size_t kStyleWindow = 4096;
inline constexpr size_t kMostFeatures = 2000; // more than two windows can make

struct Features {
  std::array<std::uint32_t, kMostFeatures> hashes; // the first `count` are set
  size_t count = 0;
  size_t letters = 0;       // bytes of words, in the windows
  double foreign_share = 0; // of these, bytes beyond ASCII

  void add(std::uint32_t hash) {
    if (count < kMostFeatures) hashes[count++] = hash;
  }
};

void extract_features(std::string_view text, Features& features);

} // namespace kairos::classify
