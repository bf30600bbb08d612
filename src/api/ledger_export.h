// The ledger as text, piece by piece, so that a server can stream it and a command can print it. Hours and days come
// from the running server's books, where these have the range; else, and by receipt, CLOSE and CORRECTION records of
// the journal are folded: grain receipt holds one record at a time, hour and day the postings of the range, begun with
// what the checkpoint for dropped segments says. What nothing has any more is an error, never left out. One thread at a
// time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "journal/reader.h"
#include "ledger/export.h"
#include "ledger/journal_base.h"
#include "ledger/projection.h"

namespace kairos::api {

enum class LedgerFormat : std::uint8_t { kCsv, kFocus, kJson };
inline constexpr std::array<std::string_view, 3> kLedgerFormatNames = {"csv", "focus-csv", "json"};

struct LedgerRequest {
  LedgerFormat format = LedgerFormat::kCsv;
  ledger::Grain grain = ledger::Grain::kDay;
  std::optional<WallTime> from; // of the receipts' created_at
  std::optional<WallTime> to;
  std::optional<std::string> tenant;
  bool may_lack_dropped = false; // by receipt: without those that the journal no longer has; the asker is told
  bool charged_only = false;     // for a reseller's tenant: what it is charged, in place of what it cost
};

class LedgerExport {
public:
  using FindBase = std::function<Result<std::optional<ledger::JournalBase>>()>; // ledger::needed_base()
  /// `books` may be null, and else outlives it.
  LedgerExport(std::shared_ptr<const journal::Reader> reader, LedgerRequest request, FindBase find_base,
               const ledger::Projection* books = nullptr);

  /// The next piece, maybe empty while it reads; nullopt: that was all. Each call does a bounded part of the work.
  Result<std::optional<std::string>> next();

private:
  bool read_books();
  Result<void> read_base();
  void end_reading();
  Result<bool> read_some(std::string& out);
  Result<void> take(journal::Entry& entry, std::string& out);
  void add(std::vector<ledger::PostingLine> lines);
  void write(std::string& out, ledger::ExportRow row) const;
  bool wanted(const model::Receipt& receipt) const;

  const std::shared_ptr<const journal::Reader> reader_;
  const LedgerRequest request_;
  const FindBase find_base_;
  journal::Cursor cursor_;
  const journal::Position end_; // what comes later is not of this export
  const ledger::Projection* books_;
  std::uint64_t counted_ = 0;             // up to this sequence all is in postings_
  ledger::Postings postings_;             // while the journal is read
  std::vector<ledger::PostingLine> rows_; // what is to be written, from rows_[written_] on
  size_t written_ = 0;
  bool begun_ = false;
  bool read_ = false;
  bool ended_ = false;
};

} // namespace kairos::api
