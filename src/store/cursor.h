// Cursors of the receipt search: where a page ended, encrypted (AES-256-GCM), so that they tell nothing and cannot be
// made or changed by hand; bound to the scope, filters and order by authenticating those along with it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kairos::store {

struct CursorState {
  std::int64_t key = 0;      // of the last row, in the order's column
  std::int64_t sequence = 0; // of the last row
  std::int64_t newest = 0;   // receipts with a greater sequence came after the first page
};

using CursorKey = std::array<std::uint8_t, 32>;

/// 32 random bytes from the operating system's generator.
CursorKey random_cursor_key();
/// `bound` is everything that must be the same when the cursor comes back.
std::string seal_cursor(const CursorKey& key, const CursorState& state, std::string_view bound);
/// kInvalid for anything that seal_cursor did not make with this key and `bound`.
Result<CursorState> open_cursor(const CursorKey& key, std::string_view text, std::string_view bound);

} // namespace kairos::store
