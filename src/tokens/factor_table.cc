#include "tokens/factor_table.h"

#include <algorithm>
#include <cmath>

namespace kairos::tokens {
namespace {

constexpr std::int64_t kLeastEstimate = 64;
constexpr std::int64_t kTrusted = 5;  // observations from which on a factor is used
constexpr std::int64_t kMemory = 200; // observations an old one fades over

std::string key_of(std::string_view provider, std::string_view model) {
  std::string key(provider);
  key += '\n';
  key += model;
  return key;
}

} // namespace

void FactorTable::observe(std::string_view provider, std::string_view model, std::int64_t estimated,
                          std::int64_t reported) {
  if (estimated < kLeastEstimate || reported <= 0) return;
  const double ratio = std::clamp(static_cast<double>(reported) / static_cast<double>(estimated), 0.25, 8.0);
  const std::string key = key_of(provider, model);
  const std::scoped_lock lock(mutex_);
  if (learnt_.size() >= capacity_ && !learnt_.contains(key)) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Learnt& learnt = learnt_[key];
  ++learnt.observations;
  const double weight = 1.0 / static_cast<double>(std::min(learnt.observations, kMemory));
  const double difference = std::log(ratio) - learnt.mean;
  learnt.mean += weight * difference;
  learnt.variance = (1 - weight) * (learnt.variance + weight * difference * difference);
}

Factor FactorTable::find(std::string_view provider, std::string_view model) const {
  const std::string key = key_of(provider, model);
  const std::scoped_lock lock(mutex_);
  const auto found = learnt_.find(key);
  if (found == learnt_.end() || found->second.observations < kTrusted) return {};
  const Learnt& learnt = found->second;
  return {std::exp(learnt.mean), std::clamp(std::exp(4 * std::sqrt(learnt.variance)), 1.1, 3.0), learnt.observations};
}

size_t FactorTable::size() const {
  const std::scoped_lock lock(mutex_);
  return learnt_.size();
}

} // namespace kairos::tokens
