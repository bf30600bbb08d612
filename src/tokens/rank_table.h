// RankTable: token bytes → rank, for one encoding. Made from the packed ranks in the binary (form: tools/tokens/
// pack_ranks.py); its views point into them. Immutable, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tokens/encoding.h"

namespace kairos::tokens {

inline constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

class RankTable {
public:
  explicit RankTable(EncodingName name);

  /// kNoRank if these bytes are no token. Constant time.
  std::uint32_t find(std::string_view bytes) const;
  std::uint32_t find_byte(char byte) const { return of_byte_[static_cast<unsigned char>(byte)]; }

private:
  struct Slot {
    std::uint32_t tag = 0; // upper half of the hash
    std::uint32_t rank = kNoRank;
  };
  void insert(std::uint32_t rank);

  std::vector<std::string_view> tokens_; // by rank
  std::vector<Slot> slots_;              // open addressing, at most half full
  std::array<std::uint32_t, 256> of_byte_{};
  size_t longest_ = 0;
};

} // namespace kairos::tokens
