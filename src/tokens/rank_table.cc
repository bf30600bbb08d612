#include "tokens/rank_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

// The packed ranks, put into the binary by the assembler (found because src/ is an include directory).
asm(R"(
  .section .rodata
  .balign 16
kairos_o200k_ranks:
  .incbin "tokens/o200k_base.ranks"
  .balign 16
kairos_cl100k_ranks:
  .incbin "tokens/cl100k_base.ranks"
  .global kairos_o200k_ranks
  .global kairos_cl100k_ranks
  .previous
)");
extern "C" const char kairos_o200k_ranks[];
extern "C" const char kairos_cl100k_ranks[];

namespace kairos::tokens {
namespace {

constexpr std::string_view kMagic = "KRRANKS1";

std::uint64_t mix(std::uint64_t value) {
  value *= 0x9E3779B97F4A7C15ULL;
  return value ^ (value >> 29);
}

std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = bytes.size();
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    hash = mix(hash ^ word);
    bytes.remove_prefix(8);
  }
  std::uint64_t word = 0;
  for (const char byte : bytes) word = word << 8 | static_cast<unsigned char>(byte);
  return mix(mix(hash ^ word));
}

} // namespace

RankTable::RankTable(EncodingName name) {
  const char* packed = name == EncodingName::kO200k ? kairos_o200k_ranks : kairos_cl100k_ranks;
  assert(std::string_view(packed, kMagic.size()) == kMagic);
  std::uint32_t count = 0;
  std::memcpy(&count, packed + kMagic.size(), sizeof count);
  const char* lengths = packed + kMagic.size() + sizeof count;
  const char* bytes = lengths + count;

  tokens_.reserve(count);
  slots_.resize(std::bit_ceil(size_t{count} * 2));
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    const auto length = static_cast<unsigned char>(lengths[rank]);
    tokens_.emplace_back(bytes, length);
    bytes += length;
    longest_ = std::max<size_t>(longest_, length);
    insert(rank);
    if (length == 1) of_byte_[static_cast<unsigned char>(tokens_[rank][0])] = rank;
  }
}

void RankTable::insert(std::uint32_t rank) {
  const std::uint64_t hash = hash_of(tokens_[rank]);
  size_t at = hash & (slots_.size() - 1);
  while (slots_[at].rank != kNoRank) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), rank};
}

std::uint32_t RankTable::find(std::string_view bytes) const {
  if (bytes.size() > longest_) return kNoRank;
  const std::uint64_t hash = hash_of(bytes);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (size_t at = hash & (slots_.size() - 1); slots_[at].rank != kNoRank; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].tag == tag && tokens_[slots_[at].rank] == bytes) return slots_[at].rank;
  return kNoRank;
}

} // namespace kairos::tokens
