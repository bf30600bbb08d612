// Receipts as the API shows them: whole ones from the journal, and rows of lists.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "config/snapshot.h"
#include "journal/reader.h"
#include "model/json_writer.h"
#include "store/search.h"

namespace kairos::api {

/// For a receipt that could not be read: that its part of the journal was dropped, and since when. nullopt: it was not.
/// Answered with 410.
std::optional<std::string> dropped_with_journal(const store::ReceiptRow& row, const journal::Reader& journal);

/// A receipt as its reader sees it: stored bytes plus, for those who may see them, sequence and hashes. kNotFound if it
/// was erased.
Result<std::string> receipt_json(const store::Found& found, const journal::Reader& journal, bool with_integrity);

/// A stored receipt as a reseller's tenant sees it.
Result<std::string> receipt_of_tenant(std::string_view stored, const config::Snapshot& snapshot);

/// One row of a list, without what would tell a tenant the platform's volume.
void write_row(model::JsonWriter& json, const store::ReceiptRow& row);

} // namespace kairos::api
