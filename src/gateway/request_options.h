// What a client may ask of KairosRoute itself: X-KairosRoute-* headers, or the same as a `kairosroute` object in the
// body. A header wins over the body. Every refusal names the header or the field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/request.h"

namespace kairos::gateway {

enum class CacheUse : std::uint8_t { kDefault, kOff, kOnly };

struct RequestOptions {
  std::string workflow;
  std::vector<std::pair<std::string, std::string>> tags;
  model::Constraints constraints;
  CacheUse cache = CacheUse::kDefault;
};

inline constexpr size_t kMaxWorkflow = 128;
/// Of the headers' names, in any case.
inline constexpr std::string_view kOptionPrefix = "X-KairosRoute-";

/// Sets one option from its header's name (without "X-KairosRoute-", any case) and value. False if there is no such
/// option; unknown headers are not errors.
Result<bool> set_option(RequestOptions& options, std::string_view name, std::string_view value);

/// The body's `kairosroute` object: keys workflow, tags{}, max_cost_usd, min_quality, data_collection, zdr, region,
/// cache, preferred_max_latency_ms, preferred_min_throughput, quantizations[]. Unknown keys are errors.
Result<RequestOptions> parse_options_object(std::string_view json);

} // namespace kairos::gateway
