// Text and JSON that depend on nothing but a seed.
#pragma once

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kairos::sim {

/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }

private:
  std::uint64_t state_;
};

/// FNV-1a of the text, begun with the seed.
std::uint64_t mix(std::uint64_t seed, std::string_view text);

/// 8 to `most` words, one token each; joined they are a sentence.
std::vector<std::string> make_words(Random& random, size_t most);
/// In tokens of four characters.
std::vector<std::string> split_tokens(std::string_view text);
/// A value that fits the usual part of JSON Schema: type, properties, items, enum, const. Nested eight deep at most.
boost::json::value make_value(const boost::json::value& schema, Random& random, int depth = 0);

} // namespace kairos::sim
