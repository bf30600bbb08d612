// The filters of a search applied to one receipt in memory, for the live feed: the same answer as the store's.
#pragma once

#include "model/receipt.h"
#include "store/filters.h"
#include "store/search.h"

namespace kairos::api {

bool matches(const store::Filters& filters, const model::Receipt& receipt);
/// The receipt as a row of a list; sequence and place are left 0.
store::ReceiptRow row_of(const model::Receipt& receipt);

} // namespace kairos::api
