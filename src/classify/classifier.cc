#include "classify/classifier.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "classify/features.h"
#include "classify/weights.h"

// Put into the binary by the assembler (found because src/ is an include directory).
asm(R"(
  .section .rodata
  .balign 64
  .global kairos_classifier_weights
  .global kairos_classifier_weights_end
kairos_classifier_weights:
  .incbin "classify/classifier.weights"
kairos_classifier_weights_end:
  .byte 0
  .previous
)");
extern "C" const std::uint8_t kairos_classifier_weights[];
extern "C" const std::uint8_t kairos_classifier_weights_end[];

namespace kairos::classify {
namespace {

using Probabilities = std::array<double, kLearntCategories>;

constexpr double kForeignShare = 0.05;
constexpr double kLeastOther = 0.75;
constexpr size_t kOtherIndex = static_cast<size_t>(model::Category::kOther);
static_assert(kOtherIndex == kLearntCategories && model::kCategoryCount == kLearntCategories + 1);

Probabilities softmax(const Probabilities& scores) {
  const double highest = *std::ranges::max_element(scores);
  Probabilities result{};
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) sum += result[i] = std::exp(scores[i] - highest);
  for (double& value : result) value /= sum;
  return result;
}

model::Classification conclude(const Probabilities& learnt, bool unreadable, double floor, std::string_view version) {
  const auto best = static_cast<size_t>(std::ranges::max_element(learnt) - learnt.begin());
  double other = 0;
  if (unreadable)
    other = std::max(kLeastOther, 1 - learnt[best]);
  else if (learnt[best] < floor)
    other = 1 - learnt[best];
  model::Classification result;
  for (size_t i = 0; i < kLearntCategories; ++i) result.probabilities[i] = learnt[i] * (1 - other);
  result.probabilities[kOtherIndex] = other;
  result.category = static_cast<model::Category>(other > 0 ? kOtherIndex : best);
  result.confidence = other > 0 ? other : learnt[best];
  result.classifier = version;
  return result;
}

} // namespace

const Classifier& Classifier::embedded() {
  static const Classifier classifier = [] {
    auto opened = open(std::span(kairos_classifier_weights, kairos_classifier_weights_end));
    assert(opened.has_value());
    return *opened;
  }();
  return classifier;
}

Result<Classifier> Classifier::open(std::span<const std::uint8_t> weights) {
  WeightsHeader header;
  if (weights.size() < sizeof header) return fail(Code::kCorrupt, "classifier weights: shorter than their header");
  std::memcpy(&header, weights.data(), sizeof header);
  if (std::string_view(header.magic.data(), header.magic.size()) != kWeightsMagic)
    return fail(Code::kCorrupt, "classifier weights: they do not begin with KRCLASS1");
  if (header.bucket_bits < 8 || header.bucket_bits > 22)
    return fail(Code::kCorrupt, "classifier weights: the number of buckets is out of range");
  if (weights.size() - sizeof header != (size_t{1} << header.bucket_bits) * kLearntCategories)
    return fail(Code::kCorrupt, "classifier weights: the size does not fit the number of buckets");
  const bool finite = std::isfinite(header.scale) && std::isfinite(header.floor) && header.temperature > 0 &&
                      std::isfinite(header.temperature) &&
                      std::ranges::all_of(header.bias, [](float b) { return std::isfinite(b); });
  if (!finite) return fail(Code::kCorrupt, "classifier weights: scale, temperature, floor or bias is not a number");

  Classifier classifier;
  classifier.weights_ = reinterpret_cast<const std::int8_t*>(weights.data() + sizeof header);
  classifier.shift_ = 32 - header.bucket_bits;
  classifier.scale_ = header.scale;
  classifier.temperature_ = header.temperature;
  classifier.floor_ = header.floor;
  classifier.bias_ = header.bias;
  const auto* version = reinterpret_cast<const char*>(weights.data() + offsetof(WeightsHeader, version));
  classifier.version_ = std::string_view(version, strnlen(version, header.version.size()));
  return classifier;
}

model::Classification Classifier::classify(std::string_view text) const {
  Features features;
  extract_features(text, features);
  // A row and the byte before it (of another row, or of the header) are the eight lanes of one addition; lane 0 is
  // dropped.
  using Row = std::int8_t __attribute__((vector_size(8)));
  using Wide = std::int16_t __attribute__((vector_size(16)));
  static_assert(kLearntCategories == 7 && kMostFeatures * 128 / 8 <= INT16_MAX,
                "a lane holds what is added between two emptyings");
  std::array<std::int32_t, kLearntCategories> sums{};
  constexpr size_t kBeforeFull = kMostFeatures / 8;
  for (size_t from = 0; from < features.count; from += kBeforeFull) {
    Wide part{};
    for (size_t i = from; i < std::min(features.count, from + kBeforeFull); ++i) {
      Row row;
      std::memcpy(&row, weights_ - 1 + size_t{features.hashes[i] >> shift_} * kLearntCategories, sizeof row);
      part += __builtin_convertvector(row, Wide);
    }
    for (size_t c = 0; c < sums.size(); ++c) sums[c] += part[c + 1];
  }
  const double scale = scale_ / std::sqrt(static_cast<double>(std::max<size_t>(features.count, 1)));
  Probabilities scores{};
  for (size_t c = 0; c < kLearntCategories; ++c) scores[c] = (sums[c] * scale + bias_[c]) / temperature_;
  const bool unreadable = features.letters == 0 || features.foreign_share > kForeignShare;
  return conclude(softmax(scores), unreadable, floor_, version_);
}

std::string prompt_text(std::string_view last_user_message, std::string_view system_prompt) {
  constexpr size_t kMost = 4096;
  std::string text;
  if (last_user_message.size() > kMost) {
    text.append(last_user_message.substr(0, kMost / 2));
    text.append(last_user_message.substr(last_user_message.size() - kMost / 2));
    return text;
  }
  text.append(last_user_message);
  // A long message says enough; a system prompt at its end would take the place of its closing words.
  if (text.size() < kWindow && !system_prompt.empty()) {
    if (!text.empty()) text += '\n';
    text.append(system_prompt.substr(0, kMost - text.size()));
  }
  return text;
}

} // namespace kairos::classify
