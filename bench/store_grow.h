// A store that is `times` as large as another one, made in the database instead of receipt by receipt: each receipt
// with its attempts and tags, `times` over, close beside each other in time. Roll-ups are then made the normal way.
#pragma once

#include <filesystem>

#include "store/receipt_store.h"
#include "store/testing/generated_receipts.h"

namespace kairos::store {

/// `to` must not exist. Neither may be open. Stops the program at an error.
void grow(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t times);
/// Appends a few more until all roll-ups are up to date.
void roll_up(ReceiptStore& store, ReceiptGenerator more);

} // namespace kairos::store
