// `kairosroute verify DIR`.
#pragma once

#include <memory>
#include <string>

#include "journal/reader.h"
#include "store/receipt_store.h"

namespace kairos::app {

/// The folder's store, loaded up to the journal's sequence `last`. The folder's lock is held.
Result<std::unique_ptr<store::ReceiptStore>>
loaded_store(const std::string& data_dir, const std::shared_ptr<const journal::Reader>& reader, std::uint64_t last);
/// Asks the server that holds the folder, or reads it. 1: something is wrong, and was named.
int verify(const std::string& data_dir);

} // namespace kairos::app
