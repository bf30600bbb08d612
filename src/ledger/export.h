// Ledger rows as CSV: FOCUS 1.4 (finops.org, "FinOps Open Cost and Usage Specification") and plain.
// RFC 4180 with CRLF; text cells that a spreadsheet could take for a formula are disarmed; numbers are exact decimals.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/posting_book.h"

namespace kairos::ledger {

/// Who bills whom.
struct ExportParties {
  std::string billing_account_id = "kairosroute";
  std::string billing_account_name; // empty: null
  std::string invoice_issuer = "KairosRoute";
  bool charged_is_billed = false; // resellers: BilledCost is what the tenant is charged
};

/// One row, ready to be written. At grain receipt, receipt_id and tags are set.
struct ExportRow {
  PostingKey key;
  PostingTotals totals;
  Grain grain = Grain::kHour;
  std::string receipt_id;
  std::vector<std::pair<std::string, std::string>> tags;
};

/// Rows of a receipt at grain receipt.
std::vector<ExportRow> export_rows(const model::Receipt& receipt);
std::vector<ExportRow> export_rows(const Correction& correction);
/// Rows of postings that are by hour or by day already.
std::vector<ExportRow> export_rows(std::span<const PostingLine> postings, Grain grain);

std::string focus_header();
void append_focus(std::string& out, const ExportRow& row, const ExportParties& parties);
std::string plain_header();
void append_plain(std::string& out, const ExportRow& row);

/// The columns of focus_header(), in order: FOCUS's own first, then x_ ones.
std::span<const std::string_view> focus_columns();

} // namespace kairos::ledger
