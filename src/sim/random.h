// Seeded randomness for simulations: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). The same seed gives the same numbers
// on every machine; not for secrets.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string_view>

namespace kairos::sim {

class Random {
public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// From 0 to below `bound`; 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  /// From 0 to below 1.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }
  /// Box and Muller.
  double normal() {
    const double u = 1.0 - unit();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * unit());
  }
  /// Log-normal with this median; sigma 0 is the median itself.
  double log_normal(double median, double sigma) { return sigma == 0 ? median : median * std::exp(sigma * normal()); }
  template <class T>
  const T& pick(std::span<const T> from) {
    return from[below(from.size())];
  }

private:
  std::uint64_t state_;
};

/// FNV-1a, for seeds from text.
constexpr std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

} // namespace kairos::sim
