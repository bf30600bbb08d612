// Cells of CSV files, both ways. RFC 4180.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::ledger {

/// Quoted where needed; a first character that spreadsheets take for a formula (= + - @ TAB CR) gets a ' before it.
std::string csv_text(std::string_view text);
/// Rows of cells. kInvalid with the line: an unclosed quote, text behind one, more than 64 MiB or 256 columns.
Result<std::vector<std::vector<std::string>>> parse_csv(std::string_view text);

} // namespace kairos::ledger
