// Any bytes: probabilities that sum to 1, the category the most likely one; and any weights: refused or usable.
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "classify/classifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace kairos;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto result = classify::Classifier::embedded().classify(text);
  const double sum = std::accumulate(result.probabilities.begin(), result.probabilities.end(), 0.0);
  if (!(std::abs(sum - 1) < 1e-9)) std::abort();
  if (result.confidence != result.probabilities[static_cast<size_t>(result.category)]) std::abort();
  if (classify::prompt_text(text, text).size() > 4096) std::abort();
  if (const auto opened = classify::Classifier::open({data, size})) (void)opened->classify("text");
  return 0;
}
