#include "tokens/estimate.h"

#include <algorithm>
#include <cmath>

namespace kairos::tokens {
namespace {

enum Feature : std::uint8_t {
  kWordStart,
  kLateLetter,
  kDigitTriple,
  kPunctuationRun,
  kPunctuationMore,
  kNewlineRun,
  kSpaceRun,
  kCapitalAfterSmall,
  kCapitalAfterCapital,
  kTwoByte,
  kLongChar,
};

/// Fitted by tools/tokens/fit_estimate.cc, but for the last two: its training texts are nearly all English
/// (docs/tokens.md).
constexpr std::array<double, kEstimateFeatures> kCoefficients = {1.015, 0.054, 1.634, 0.862, 0.099, 0.761,
                                                                 0.706, 0.520, 0.108, 0.312, 0.754};

enum class Kind : std::uint8_t { kSmall, kCapital, kDigit, kPunctuation, kNewline, kSpace, kHigh };

constexpr std::array<Kind, 256> make_kinds() {
  std::array<Kind, 256> kinds{};
  for (size_t c = 0; c < kinds.size(); ++c) {
    if (c >= 0x80)
      kinds[c] = Kind::kHigh;
    else if (c >= 'a' && c <= 'z')
      kinds[c] = Kind::kSmall;
    else if (c >= 'A' && c <= 'Z')
      kinds[c] = Kind::kCapital;
    else if (c >= '0' && c <= '9')
      kinds[c] = Kind::kDigit;
    else if (c == '\n' || c == '\r')
      kinds[c] = Kind::kNewline;
    else if (c == ' ' || c == '\t')
      kinds[c] = Kind::kSpace;
    else
      kinds[c] = Kind::kPunctuation;
  }
  return kinds;
}
constexpr std::array<Kind, 256> kKinds = make_kinds();

/// Length of the run of one kind (small and capital letters are one) that begins at `at`.
size_t run_length(std::string_view text, size_t at, Kind kind) {
  size_t end = at + 1;
  while (end < text.size() && kKinds[static_cast<unsigned char>(text[end])] == kind) ++end;
  return end - at;
}

size_t count_word(std::string_view text, size_t at, EstimateFeatures& features) {
  size_t end = at;
  bool after_capital = false;
  const auto kind_at = [&](size_t place) { return kKinds[static_cast<unsigned char>(text[place])]; };
  while (end < text.size()) {
    for (; end < text.size() && kind_at(end) == Kind::kSmall; ++end) after_capital = false; // nearly all of a text
    if (end == text.size() || kind_at(end) != Kind::kCapital) break;
    if (end > at) ++features[after_capital ? kCapitalAfterCapital : kCapitalAfterSmall];
    after_capital = true;
    ++end;
  }
  ++features[kWordStart];
  features[kLateLetter] += std::max<std::int64_t>(0, static_cast<std::int64_t>(end - at) - 6);
  return end - at;
}

/// One character beyond ASCII: its lead byte and the continuation bytes that follow, at most as many as it announces.
size_t count_high(std::string_view text, size_t at, EstimateFeatures& features) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t announced = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  size_t bytes = 1;
  while (bytes < announced && at + bytes < text.size() && (static_cast<unsigned char>(text[at + bytes]) & 0xC0) == 0x80)
    ++bytes;
  ++features[bytes >= 3 ? kLongChar : kTwoByte];
  return bytes;
}

size_t count_run(std::string_view text, size_t at, EstimateFeatures& features) {
  const Kind kind = kKinds[static_cast<unsigned char>(text[at])];
  if (kind == Kind::kSmall || kind == Kind::kCapital) return count_word(text, at, features);
  if (kind == Kind::kHigh) return count_high(text, at, features);
  const size_t length = run_length(text, at, kind);
  if (kind == Kind::kDigit) features[kDigitTriple] += static_cast<std::int64_t>((length + 2) / 3);
  if (kind == Kind::kNewline) ++features[kNewlineRun];
  if (kind == Kind::kSpace && length > 1) ++features[kSpaceRun];
  if (kind == Kind::kPunctuation) {
    ++features[kPunctuationRun];
    features[kPunctuationMore] += static_cast<std::int64_t>(length - 1);
  }
  return length;
}

} // namespace

EstimateFeatures estimate_features(std::string_view text) {
  EstimateFeatures features{};
  for (size_t at = 0; at < text.size();) at += count_run(text, at, features);
  return features;
}

std::int64_t estimate(std::string_view text) {
  const EstimateFeatures features = estimate_features(text);
  double tokens = 0;
  for (size_t i = 0; i < kEstimateFeatures; ++i) tokens += kCoefficients[i] * static_cast<double>(features[i]);
  return std::max<std::int64_t>(std::llround(tokens), text.empty() ? 0 : 1);
}

} // namespace kairos::tokens
