// PostingBook: hourly and daily postings in memory, of bounded size: each combination of dimensions is kept once, a row
// is an hour (or day), the number of its combination and its sums. Folding the same records in the same order always
// gives the same book. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ledger/postings.h"

namespace kairos::ledger {

enum class Grain : std::uint8_t { kHour, kDay, kReceipt };
inline constexpr std::array<std::string_view, 3> kGrainNames = {"hour", "day", "receipt"};

/// About 130 bytes a row and 400 a combination. Beyond: the oldest day of rows is forgotten, and reading it says so;
/// no more combinations are taken, and nothing can be read any more.
struct BookLimits {
  size_t rows = 500'000; // of each grain
  size_t combinations = 200'000;
};

using PostingLine = std::pair<PostingKey, PostingTotals>;

/// Half open, of whole hours; nullopt: no bound.
struct HourRange {
  std::optional<WallTime> from;
  std::optional<WallTime> to;
};

class PostingBook {
public:
  explicit PostingBook(BookLimits limits = {}) : limits_(limits) {}

  void add(std::span<const PostingLine> lines);

  /// Rows of the range in the order of PostingKey; by day where both bounds are whole days or absent, else made of
  /// hours. nullopt: this book does not have them (the bounds are no whole hours, or rows of the range were forgotten).
  std::optional<std::vector<PostingLine>> rows(Grain grain, const HourRange& range,
                                               const std::optional<std::string>& tenant = {}) const;
  /// Sum over all days.
  PostingTotals total() const { return total_; }
  size_t size() const { return hours_.rows.size() + days_.rows.size(); }

  /// What differs from `truth`, for a person: at most `most` sentences, each naming its row and both sides.
  std::vector<std::string> differences(const PostingBook& truth, size_t most) const;

  /// Lines of text, and back; kCorrupt says what is wrong.
  void append_text(std::string& out) const;
  Result<> take_line(std::string_view line);

private:
  using RowKey = std::pair<std::int64_t, std::uint32_t>; // hours since 1970, combination
  struct Rows {
    std::map<RowKey, PostingTotals> rows;
    std::int64_t first = INT64_MIN; // rows before this hour were forgotten
  };

  std::optional<std::uint32_t> number_of(const PostingKey& combination);
  void add(Rows& rows, std::int64_t hour, std::uint32_t combination, const PostingTotals& totals);
  std::optional<std::vector<PostingLine>> read(const Rows& from, const HourRange& range,
                                               const std::optional<std::string>& tenant) const;
  static void compare(const Rows& mine, const Rows& truth, const PostingBook& book, const PostingBook& other,
                      Grain grain, size_t most, std::vector<std::string>& out);
  std::map<std::pair<std::int64_t, PostingKey>, PostingTotals> by_key(const Rows& rows) const;
  Result<> take_combination(std::string_view json);
  Result<> take_row(Rows& rows, std::string_view text);

  BookLimits limits_;
  std::vector<PostingKey> combinations_; // period_start is left out
  std::map<PostingKey, std::uint32_t> numbers_;
  Rows hours_;
  Rows days_;
  PostingTotals total_;
  bool overflown_ = false;
};

} // namespace kairos::ledger
