// Numbers between 0 and 1 as a receipt has them, without a general formatter.
#pragma once

#include <cstddef>

namespace kairos::model {

inline constexpr size_t kShareText = 16; // bytes that put_share() may write

/// Writes `share` at `at` as "{:.6g}" does, for the shares from 0.0001 to 1 that scores and probabilities nearly always
/// are, in a tenth of the time. Returns the end, or nullptr where nothing is written: another number, or one so near to
/// the middle of two texts that the scaled value cannot tell them apart.
char* put_share(char* at, double share);

} // namespace kairos::model
