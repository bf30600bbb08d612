// The query string of GET /api/v1/receipts → a store search. Errors name the parameter.
#pragma once

#include <string_view>

#include "base/result.h"
#include "store/search.h"

namespace kairos::api {

/// tenant, workflow, model, provider, category, status, region, … (comma = any of, a leading '!' = none of), tags.<key>,
/// trace_id, q, min_cost, max_cost (USD), min_latency, max_latency (ms), from, to (RFC 3339), order (time, cost, latency),
/// direction (asc, desc), limit, cursor. Unknown parameters are errors.
Result<store::Search> parse_search(std::string_view query);

/// %XX and '+' undone. kInvalid on a broken escape.
Result<std::string> percent_decode(std::string_view text);

} // namespace kairos::api
