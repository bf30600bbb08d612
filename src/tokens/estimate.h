// Token estimate: a linear function of eleven things counted in one pass over the bytes. For choosing between models
// and for a first guess; never for a guarantee (see counter.h). Any bytes, valid UTF-8 or not; time linear in the
// length, no memory. Coefficients: fitted by tools/tokens/fit_estimate.cc against exact o200k_base counts
// (docs/tokens.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kairos::tokens {

inline constexpr size_t kEstimateFeatures = 11;
/// In this order: word starts; letters past the sixth of a word; digit triples; punctuation runs; further punctuation
/// in a run; newline runs; runs of two or more spaces; capitals after a small letter; capitals after a capital;
/// two-byte characters (and bytes that are not UTF-8); three- and four-byte characters.
using EstimateFeatures = std::array<std::int64_t, kEstimateFeatures>;

EstimateFeatures estimate_features(std::string_view text);

/// Tokens of `text` in o200k_base, approximately. Never negative; 0 only for an empty text.
std::int64_t estimate(std::string_view text);

} // namespace kairos::tokens
