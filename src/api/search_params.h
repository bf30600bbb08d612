// The query string of GET /api/v1/receipts → a store search. Errors name the parameter.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/search.h"
#include "store/views.h"

namespace kairos::api {

/// tenant, workflow, model, provider, category, status, region, … (comma = any of, a leading '!' = none of),
/// tags.<key>, trace_id, q, min_cost, max_cost (USD), min_latency, max_latency (ms), from, to (RFC 3339), order (time,
/// cost, latency), direction (asc, desc), limit, cursor. Unknown parameters are errors. Those in `others` are somebody
/// else's and passed over.
Result<store::Search> parse_search(std::string_view query, std::span<const std::string_view> others = {});

/// The same filters, from, to (default: the last 30 days), time_zone and interval. Names in `others` are passed over.
Result<store::ViewRequest> parse_view_request(std::string_view query, WallTime now,
                                              std::span<const std::string_view> others = {});

/// %XX and '+' undone. kInvalid on a broken escape.
Result<std::string> percent_decode(std::string_view text);
/// A query string's names and values in their order, decoded.
Result<std::vector<std::pair<std::string, std::string>>> query_pairs(std::string_view query);

} // namespace kairos::api
