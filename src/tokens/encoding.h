// Exact byte-pair encoding, OpenAI's o200k_base and cl100k_base: the same tokens as the published `tiktoken` package's
// encode_ordinary, for every valid UTF-8 text (special tokens are read as plain text). A byte that is not UTF-8 counts
// as a symbol of its own. The ranks are part of the binary; the first use of an encoding builds its table once.
// Thread-safe after that. Cost: O(n) for ordinary text; a piece of n bytes (a piece is what the pre-tokenizer cuts off,
// hostile text is one huge piece) costs O(n log n) time and at most 32 n bytes of memory, freed at once.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace kairos::tokens {

enum class EncodingName : std::uint8_t { kO200k, kCl100k };

class RankTable;

class Encoding {
public:
  /// Built at the first call (tens of milliseconds), kept for the life of the process.
  static const Encoding& get(EncodingName name);

  std::int64_t count(std::string_view text) const { return count_at_most(text, std::numeric_limits<size_t>::max()); }
  /// Like count, but a piece of more than `longest_piece` bytes counts one per byte: an upper bound, in linear time.
  std::int64_t count_at_most(std::string_view text, size_t longest_piece) const;
  /// The tokens themselves; what the tests compare.
  std::vector<std::uint32_t> encode(std::string_view text) const;

private:
  explicit Encoding(EncodingName name);

  EncodingName name_;
  std::unique_ptr<const RankTable> ranks_;
};

} // namespace kairos::tokens
