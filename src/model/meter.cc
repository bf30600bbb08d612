#include "model/meter.h"

#include <algorithm>

namespace kairos::model {

std::optional<Meter> parse_meter(std::string_view name) {
  const auto* const found = std::find(kMeterNames.begin(), kMeterNames.end(), name);
  if (found == kMeterNames.end()) return std::nullopt;
  return static_cast<Meter>(found - kMeterNames.begin());
}

std::int64_t Usage::input_total() const {
  std::int64_t sum = 0;
  for (size_t i = 0; i < kMeterCount; ++i) {
    if (is_input_meter(static_cast<Meter>(i))) sum += quantities[i];
  }
  return sum;
}

std::int64_t Usage::output_total() const {
  const Usage& self = *this;
  return self[Meter::kOutput] + self[Meter::kReasoning] + self[Meter::kOutputAudio] + self[Meter::kOutputImage];
}

void Usage::add(const Usage& more) {
  for (size_t i = 0; i < kMeterCount; ++i) quantities[i] += more.quantities[i];
  for (const auto& [name, quantity] : more.other) {
    const auto same = std::find_if(other.begin(), other.end(), [&](const auto& entry) { return entry.first == name; });
    if (same == other.end()) {
      other.emplace_back(name, quantity);
    } else {
      same->second += quantity;
    }
  }
  source = std::max(source, more.source);
  inconsistent = inconsistent || more.inconsistent;
}

} // namespace kairos::model
