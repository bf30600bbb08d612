// Why a target cannot serve a request: one bit for each cause, so that what all targets lack can be asked at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "model/enums.h"

namespace kairos::routing {

/// Why a target is dropped. In the order of model::Filter, to which filter_of() maps it.
enum class Cause : std::uint8_t {
  kDialect,
  kEmbedding,
  kTools,
  kImages,
  kAudio,
  kAudioOnly,
  kJsonSchema,
  kReasoning,
  kServerTools,
  kStreaming,
  kDeprecated,
  kNotFree,
  kQuantization,
  kContext,
  kTenantModel,
  kTenantProvider,
  kKeyModel,
  kKeyProvider,
  kNoProviderKey,
  kMayTrain,
  kRetains,
  kTenantRegion,
  kRequestRegion,
  kBreakerOpen,
  kQualityUnknown,
  kBelowFloor,
  kBelowMinimum,
  kUnpriced,
  kOverBudget,
  kOverMaxCost,
};
inline constexpr size_t kCauseCount = 30;
/// By Cause.
inline constexpr std::array<model::Filter, kCauseCount> kFilters = [] {
  std::array<model::Filter, kCauseCount> filters{};
  const auto fill = [&](Cause from, Cause to, model::Filter filter) {
    for (auto i = static_cast<size_t>(from); i <= static_cast<size_t>(to); ++i) filters[i] = filter;
  };
  fill(Cause::kDialect, Cause::kQuantization, model::Filter::kCapability);
  fill(Cause::kContext, Cause::kContext, model::Filter::kContextLength);
  fill(Cause::kTenantModel, Cause::kNoProviderKey, model::Filter::kTenantPolicy);
  fill(Cause::kMayTrain, Cause::kRetains, model::Filter::kPrivacy);
  fill(Cause::kTenantRegion, Cause::kRequestRegion, model::Filter::kRegion);
  fill(Cause::kBreakerOpen, Cause::kBreakerOpen, model::Filter::kHealth);
  fill(Cause::kQualityUnknown, Cause::kBelowMinimum, model::Filter::kQuality);
  fill(Cause::kUnpriced, Cause::kOverMaxCost, model::Filter::kBudget);
  return filters;
}();
constexpr model::Filter filter_of(Cause cause) { return kFilters[static_cast<size_t>(cause)]; }

/// A bit for each cause that holds.
class Causes {
public:
  constexpr Causes() = default;
  constexpr Causes(std::initializer_list<Cause> causes) {
    for (const Cause cause : causes) add(cause);
  }
  constexpr void add(Cause cause) { bits_ |= 1u << static_cast<unsigned>(cause); }
  constexpr bool has(Cause cause) const { return (bits_ >> static_cast<unsigned>(cause) & 1u) != 0; }
  constexpr bool none() const { return bits_ == 0; }
  /// None of those whose filter comes before `filter`.
  constexpr bool none_before(model::Filter filter) const;
  constexpr Cause first() const { return static_cast<Cause>(__builtin_ctz(bits_)); }

  constexpr void add_if(bool holds, Cause cause) { bits_ |= std::uint32_t{holds} << static_cast<unsigned>(cause); }
  friend constexpr Causes operator|(Causes a, Causes b) { return Causes(a.bits_ | b.bits_); }
  friend constexpr Causes operator&(Causes a, Causes b) { return Causes(a.bits_ & b.bits_); }
  friend constexpr Causes operator^(Causes a, Causes b) { return Causes(a.bits_ ^ b.bits_); }
  constexpr Causes without(Causes others) const { return Causes(bits_ & ~others.bits_); }

private:
  constexpr explicit Causes(std::uint32_t bits) : bits_(bits) {}

  std::uint32_t bits_ = 0;
};
static_assert(kCauseCount <= 32);

/// By filter, the causes whose filter comes before it.
inline constexpr std::array<Causes, model::kFilterNames.size()> kCausesBefore = [] {
  std::array<Causes, model::kFilterNames.size()> before{};
  for (size_t filter = 0; filter < before.size(); ++filter) {
    for (size_t i = 0; i < kCauseCount && static_cast<size_t>(kFilters[i]) < filter; ++i)
      before[filter].add(static_cast<Cause>(i));
  }
  return before;
}();
constexpr bool Causes::none_before(model::Filter filter) const {
  return (*this & kCausesBefore[static_cast<size_t>(filter)]).none();
}

} // namespace kairos::routing
