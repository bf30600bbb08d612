// Commands of finance: the ledger from a data folder, and a provider's usage export against the receipts.
#pragma once

#include <string>
#include <string_view>

#include "journal/reader.h"

namespace kairos::app {

/// One line on stderr if the journal's beginning was dropped; `what` says what that means here.
void tell_dropped(const journal::Reader& reader, std::string_view what);
/// Prints every receipt's ledger rows, or the postings: format "csv" or "focus"; grain "hour", "day" or "receipt".
int print_ledger(const std::string& data_dir, const std::string& format, const std::string& grain);
/// provider: "openai" or "anthropic". With apply_it, receipts that drift and are named by request id are corrected, by
/// the server if one holds the folder. 0: equal, or made so; 1: drift is left, or something cannot be read.
int reconcile(const std::string& data_dir, const std::string& provider, const std::string& file, bool apply_it);

} // namespace kairos::app
