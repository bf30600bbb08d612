// Books: everything of money that the journal comes to, as one fold over CLOSE and CORRECTION records: what is spent of
// each budget, hourly and daily postings, and where the corrections of a receipt are. The server keeps them up to date
// (projection.h), `verify` makes them anew and compares. Saved as text with a checksum. One thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/record.h"
#include "ledger/budget_state.h"
#include "ledger/posting_book.h"

namespace kairos::ledger {

/// The file in the data folder.
inline constexpr std::string_view kBooksFile = "ledger.books";

class Books {
public:
  explicit Books(BookLimits limits = {}) : postings_(limits) {}

  /// Takes a record of any kind, in the journal's order; one that was taken before changes nothing. kCorrupt names a
  /// receipt that cannot be read: it is then passed over, and later ones count.
  Result<> take(const journal::Entry& entry);
  /// A receipt that somebody has read already.
  Result<> take(const journal::Entry& entry, const model::Receipt& closed);

  const journal::Position& next() const { return next_; } // where reading the journal goes on
  std::uint64_t sequence() const { return sequence_; }
  const BudgetState& budgets() const { return budgets_; }
  const PostingBook& postings() const { return postings_; }
  /// Where the receipt's corrections are, oldest first; empty: it was never corrected.
  std::span<const journal::Position> corrections_of(std::string_view receipt_id) const;
  std::uint64_t erased() const { return erased_; } // their money is not in the books
  /// Of the last record counted, and its link of the hash chain: what tells whether a journal is the one folded.
  const journal::Position& last() const { return last_; }
  const journal::Hash& hash() const { return hash_; }

  /// What differs from `truth`, which was folded from the same records: at most `most` sentences.
  std::vector<std::string> differences(const Books& truth, size_t most) const;

  std::string to_text() const;
  /// The first lines of it: how far they are, and what is spent of each budget; without postings and corrections.
  std::string summary() const;
  /// kCorrupt says what is wrong.
  static Result<Books> from_text(std::string_view text, BookLimits limits = {});

private:
  Result<> note(const journal::Entry& entry);
  Result<> take_line(std::string_view line);
  Result<> take_head(std::string_view line);

  std::uint64_t sequence_ = 0;
  std::uint64_t erased_ = 0;
  journal::Position next_;
  journal::Position last_;
  journal::Hash hash_{};
  BudgetState budgets_;
  PostingBook postings_;
  std::map<std::string, std::vector<journal::Position>, std::less<>> corrections_;
};

} // namespace kairos::ledger
