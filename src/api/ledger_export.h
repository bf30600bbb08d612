// The ledger as text: folds CLOSE and CORRECTION records of the journal and gives rows piece by piece, so that a server
// can stream them and a command can print them. Grain receipt holds one record at a time; hour and day hold the postings
// of the range. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "journal/reader.h"
#include "ledger/export.h"

namespace kairos::api {

enum class LedgerFormat : std::uint8_t { kCsv, kFocus, kJson };
inline constexpr std::array<std::string_view, 3> kLedgerFormatNames = {"csv", "focus-csv", "json"};
inline constexpr std::array<std::string_view, 3> kGrainNames = {"hour", "day", "receipt"}; // of ledger::Grain

struct LedgerRequest {
  LedgerFormat format = LedgerFormat::kCsv;
  ledger::Grain grain = ledger::Grain::kDay;
  std::optional<WallTime> from; // of the receipts' created_at
  std::optional<WallTime> to;
  std::optional<std::string> tenant;
  bool charged_only = false; // for a reseller's tenant: what it is charged, in place of what it cost
};

class LedgerExport {
public:
  LedgerExport(std::shared_ptr<const journal::Reader> reader, LedgerRequest request);

  /// The next piece, maybe empty while it reads; nullopt: that was all. Each call does a bounded part of the work.
  Result<std::optional<std::string>> next();

private:
  Result<bool> read_some(std::string& out);
  Result<void> take(const journal::Entry& entry, std::string& out);
  void add(std::vector<std::pair<ledger::PostingKey, ledger::PostingTotals>> lines);
  void write(std::string& out, ledger::ExportRow row) const;
  bool wanted(const model::Receipt& receipt) const;

  const std::shared_ptr<const journal::Reader> reader_;
  const LedgerRequest request_;
  journal::Cursor cursor_;
  const journal::Position end_; // what comes later is not of this export
  ledger::Postings postings_;
  bool begun_ = false;
  bool read_ = false;
  bool ended_ = false;
};

} // namespace kairos::api
