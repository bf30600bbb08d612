#include "tokens/byte_pairs.h"

#include <algorithm>
#include <array>
#include <functional>

namespace kairos::tokens {
namespace {

/// Up to here looking at every pair for each merge is faster than a heap.
constexpr size_t kShort = 48;

struct Part {
  std::uint32_t begin = 0;
  std::uint32_t rank = kNoRank; // of this part joined with the next one
};

std::uint32_t rank_of(const RankTable& ranks, std::string_view piece, size_t begin, size_t end) {
  return end - begin == 1 ? ranks.find_byte(piece[begin]) : ranks.find(piece.substr(begin, end - begin));
}

/// parts[count] is a sentinel at the end of the piece; returns the count left.
size_t merge_short(const RankTable& ranks, std::string_view piece, std::array<Part, kShort + 2>& parts) {
  size_t count = piece.size();
  for (size_t i = 0; i <= count; ++i) parts[i] = {static_cast<std::uint32_t>(i), kNoRank};
  const auto joined = [&](size_t i) {
    return i + 2 <= count ? rank_of(ranks, piece, parts[i].begin, parts[i + 2].begin) : kNoRank;
  };
  for (size_t i = 0; i + 1 < count; ++i) parts[i].rank = joined(i);
  while (count > 1) {
    const auto end = parts.begin() + static_cast<std::ptrdiff_t>(count);
    const auto best =
        std::min_element(parts.begin(), end, [](const Part& a, const Part& b) { return a.rank < b.rank; });
    if (best->rank == kNoRank) break;
    std::copy(best + 2, end + 1, best + 1);
    --count;
    const auto at = static_cast<size_t>(best - parts.begin());
    parts[at].rank = joined(at);
    if (at > 0) parts[at - 1].rank = joined(at - 1);
  }
  return count;
}

/// The same with a heap of (rank, position), lowest first. An entry whose rank is no longer that of its position is
/// old.
class LongMerge {
public:
  LongMerge(const RankTable& ranks, std::string_view piece)
      : ranks_(ranks), piece_(piece), size_(static_cast<std::uint32_t>(piece.size())) {
    next_.resize(size_);
    previous_.resize(size_);
    rank_.assign(size_, kNoRank);
    heap_.reserve(size_t{2} * size_);
    for (std::uint32_t i = 0; i < size_; ++i) {
      next_[i] = i + 1;
      previous_[i] = i == 0 ? kNone : i - 1;
    }
    for (std::uint32_t i = 0; i < size_; ++i)
      if (rank_[i] = joined(i); rank_[i] != kNoRank) heap_.push_back(entry(i));
    std::ranges::make_heap(heap_, std::greater{});
  }

  void run() {
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, std::greater{});
      const std::uint64_t top = heap_.back();
      heap_.pop_back();
      const auto at = static_cast<std::uint32_t>(top);
      if (rank_[at] == top >> 32) merge(at);
    }
  }
  std::uint32_t next(std::uint32_t at) const { return next_[at]; }

private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  std::uint64_t entry(std::uint32_t at) const { return std::uint64_t{rank_[at]} << 32 | at; }
  std::uint32_t joined(std::uint32_t at) const {
    const std::uint32_t middle = next_[at];
    return middle < size_ ? rank_of(ranks_, piece_, at, next_[middle]) : kNoRank;
  }
  void update(std::uint32_t at) {
    rank_[at] = joined(at);
    if (rank_[at] == kNoRank) return;
    heap_.push_back(entry(at));
    std::ranges::push_heap(heap_, std::greater{});
  }
  void merge(std::uint32_t at) {
    const std::uint32_t gone = next_[at];
    next_[at] = next_[gone];
    rank_[gone] = kNoRank;
    if (next_[at] < size_) previous_[next_[at]] = at;
    update(at);
    if (previous_[at] != kNone) update(previous_[at]);
  }

  const RankTable& ranks_;
  std::string_view piece_;
  const std::uint32_t size_;
  std::vector<std::uint32_t> next_;     // of a part's first byte: the first byte of the next part
  std::vector<std::uint32_t> previous_; // likewise backwards
  std::vector<std::uint32_t> rank_;     // of the part joined with the next one
  std::vector<std::uint64_t> heap_;     // rank << 32 | position
};

} // namespace

std::int64_t merge_piece(const RankTable& ranks, std::string_view piece, std::vector<std::uint32_t>* tokens) {
  if (const std::uint32_t whole = rank_of(ranks, piece, 0, piece.size()); whole != kNoRank) {
    if (tokens != nullptr) tokens->push_back(whole);
    return 1;
  }
  if (piece.size() <= kShort) {
    std::array<Part, kShort + 2> parts;
    const size_t count = merge_short(ranks, piece, parts);
    for (size_t i = 0; tokens != nullptr && i < count; ++i)
      tokens->push_back(rank_of(ranks, piece, parts[i].begin, parts[i + 1].begin));
    return static_cast<std::int64_t>(count);
  }
  LongMerge merge(ranks, piece);
  merge.run();
  std::int64_t count = 0;
  for (std::uint32_t at = 0; at < piece.size(); at = merge.next(at), ++count)
    if (tokens != nullptr) tokens->push_back(rank_of(ranks, piece, at, merge.next(at)));
  return count;
}

} // namespace kairos::tokens
