#include "tokens/encoding.h"

#include <algorithm>

#include "tokens/byte_pairs.h"
#include "tokens/pre_tokenizer.h"
#include "tokens/rank_table.h"

namespace kairos::tokens {
namespace {

/// Positions within a piece are kept in 32 bits.
constexpr size_t kLongestMerged = size_t{1} << 31;

} // namespace

Encoding::Encoding(EncodingName name) : name_(name), ranks_(std::make_unique<RankTable>(name)) {}

const Encoding& Encoding::get(EncodingName name) {
  if (name == EncodingName::kO200k) {
    static const Encoding o200k(EncodingName::kO200k);
    return o200k;
  }
  static const Encoding cl100k(EncodingName::kCl100k);
  return cl100k;
}

std::int64_t Encoding::count_at_most(std::string_view text, size_t longest_piece) const {
  const size_t limit = std::min(longest_piece, kLongestMerged);
  std::int64_t tokens = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = piece_end(name_, text, at);
    const size_t bytes = end - at;
    tokens += bytes > limit ? static_cast<std::int64_t>(bytes) : merge_piece(*ranks_, text.substr(at, bytes), nullptr);
    at = end;
  }
  return tokens;
}

std::vector<std::uint32_t> Encoding::encode(std::string_view text) const {
  std::vector<std::uint32_t> tokens;
  for (size_t at = 0; at < text.size();) {
    const size_t end = piece_end(name_, text, at);
    merge_piece(*ranks_, text.substr(at, end - at), &tokens);
    at = end;
  }
  return tokens;
}

} // namespace kairos::tokens
