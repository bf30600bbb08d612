// The journal as the loader's and verify's source of receipts: CLOSE records, in order, each parsed once. Records that
// cannot be read are passed over: `kairosroute verify` names them. CORRECTION records are not applied yet.
#pragma once

#include <memory>

#include "journal/reader.h"
#include "store/loader.h"
#include "store/verify.h"

namespace kairos::store {

/// For Loader. `reader` is shared with it.
JournalSource follow_journal(std::shared_ptr<const journal::Reader> reader);

/// For verify_store: from the oldest record kept.
NextReceipt receipts_of_journal(std::shared_ptr<const journal::Reader> reader);

} // namespace kairos::store
