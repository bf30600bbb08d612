// The categories of prompts that quality floors and views are kept by.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kairos::model {

enum class Category : std::uint8_t {
  kCode,
  kReasoning,
  kAnalysis,
  kExtraction,
  kSummarization,
  kCreative,
  kChat,
  kOther, // the classifier abstains
};
inline constexpr size_t kCategoryCount = 8;
inline constexpr std::array<std::string_view, kCategoryCount> kCategoryNames = {
    "code", "reasoning", "analysis", "extraction", "summarization", "creative", "chat", "other"};

constexpr std::string_view name(Category category) { return kCategoryNames[static_cast<size_t>(category)]; }

struct Classification {
  Category category = Category::kOther;
  double confidence = 0;                              // probability of `category`, calibrated
  std::array<double, kCategoryCount> probabilities{}; // sums to 1
  std::string_view classifier = "none";               // version, static text
};

} // namespace kairos::model
