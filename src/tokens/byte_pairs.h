// Byte-pair merging of one piece: as long as there is one, the neighbouring pair with the lowest rank (of equal ones
// the leftmost) becomes one token.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tokens/rank_table.h"

namespace kairos::tokens {

/// Number of tokens of `piece`; appended to `tokens` if that is not null. O(n log n) time, at most 32 n bytes of
/// memory.
std::int64_t merge_piece(const RankTable& ranks, std::string_view piece, std::vector<std::uint32_t>* tokens);

} // namespace kairos::tokens
