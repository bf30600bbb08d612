// Classifier: prompt text → category probabilities and calibrated confidence. Pure and deterministic; about 10 µs,
// bounded whatever the input, because only the first and last bytes of the text are read (features.h).
// int8 hashed n-gram softmax; weights and temperature are part of the binary. Training, figures, limits:
// docs/classifier.md. Thread-safe (immutable).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/category.h"

namespace kairos::classify {

/// The categories that are learnt; kOther is what the classifier answers when it abstains.
inline constexpr size_t kLearntCategories = 7;

class Classifier {
public:
  /// The one in the binary.
  static const Classifier& embedded();
  /// `weights` (layout: weights.h) must outlive the classifier. kCorrupt if they are not well-formed.
  static Result<Classifier> open(std::span<const std::uint8_t> weights);

  /// Any bytes. Abstains (category kOther) on a text without words, on one that is not English (over 5 % of its letters
  /// beyond ASCII) and when no category reaches the confidence floor. The probability of kOther is then that of the
  /// best category being wrong, at least 3/4 for the first two, and the others share the rest, so that qualities can be
  /// blended by them. Without abstention it is 0. `classifier` is the version.
  model::Classification classify(std::string_view text) const;

  /// For example "ngram-2026.11.1"; static text.
  std::string_view version() const { return version_; }

private:
  Classifier() = default;

  const std::int8_t* weights_ = nullptr; // bucket-major, kLearntCategories per bucket
  std::uint32_t shift_ = 0;              // 32 - bits of a bucket number
  float scale_ = 0;                      // of the int8 weights
  float temperature_ = 1;
  float floor_ = 0; // abstain below
  std::array<float, kLearntCategories> bias_{};
  std::string_view version_;
};

/// The part of a conversation that tells most about its task: the last user message and, after a short one, the system
/// prompt. At most 4 KiB; of a longer message its beginning and its end.
std::string prompt_text(std::string_view last_user_message, std::string_view system_prompt);

} // namespace kairos::classify
