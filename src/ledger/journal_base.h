// JournalBase: what the dropped part of a journal came to, so that the part that is kept can be counted on from it: the
// whole books up to the first segment that stays, and sums of the receipts before it. It is carried by CHECKPOINT
// records, in parts where it is large, written before a segment goes; `base.mark` in the journal's folder says where,
// and is only quicker than looking for them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "base/result.h"
#include "journal/reader.h"
#include "ledger/books.h"

namespace kairos::ledger {

/// Cursor file in the journal's folder: the first part of the newest base.
inline constexpr std::string_view kBaseMark = "base.mark";
inline constexpr size_t kBasePartBytes = 1u << 20; // appends wait for a part to be written, so it is not large

struct JournalBase {
  std::uint64_t segment = 0; // the first one whose records are not in it
  std::uint64_t receipts = 0;
  std::uint64_t corrections = 0;
  PicoSum cost = 0; // of the receipts as closed; what is unknown is left out
  PicoSum charged = 0;
  PicoSum corrected = 0;
  PicoSum counted = 0; // receipts and corrections as the postings must add up to
  WallTime newest{};   // of the newest record before `segment`: receipts created later are all in the kept part
  Books books;

  std::uint64_t sequence() const { return books.sequence(); }
  /// Takes the next record. An error: it does not follow the ones before, or cannot be read, and must not be dropped.
  Result<> take(const journal::Entry& entry);
};

/// Payloads of CHECKPOINT records, to be written in this order. Other records may come between them.
std::vector<std::string> to_checkpoints(const JournalBase& base, size_t part_bytes = kBasePartBytes);

/// The newest whole base that the journal has; nullopt: none. kCorrupt: what should be one cannot be read.
Result<std::optional<JournalBase>> find_base(journal::FileSystem& files, const std::string& data_dir,
                                             const std::shared_ptr<const journal::Reader>& reader);
Result<> save_base_mark(journal::FileSystem& files, const std::string& data_dir, const journal::Position& first_part);

/// What counting the journal from its first kept record has to begin with; nullopt: with nothing, it is whole.
/// kCorrupt: records are missing at its beginning and no base stands for them; the message says what to do.
Result<std::optional<JournalBase>> needed_base(journal::FileSystem& files, const std::string& data_dir,
                                               const std::shared_ptr<const journal::Reader>& reader);

/// Where a journal that is not whole begins, for who reads records before it; nullopt: it is whole, or cannot be read.
std::optional<journal::Begin> dropped_until(const journal::Reader& reader);
/// "the journal begins at sequence 5001 (2026-11-01T…): older segments were dropped (journal.keep_days)".
std::string dropped_text(const journal::Begin& begin);

} // namespace kairos::ledger
