// Cost arithmetic: usage × price rows → cost lines. Pure and exact: integers only, each line rounded once, half to
// even, to the picodollar (base/money.h); a total is the sum of its lines. Rules and their reasons: docs/money.md;
// worked examples: tests/cases/cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "catalog/price.h"
#include "model/meter.h"
#include "model/receipt.h"
#include "model/request.h"

namespace kairos::catalog {

struct Priced {
  std::vector<model::CostLine> lines; // in Meter order, then usage.other as it stands
  std::optional<Picodollars> total;   // nullopt if any line is unknown, or nothing is known of the usage
  const PriceRow* row = nullptr;      // the row used; points into `rows`; nullptr: none applied
};

/// Cost of one attempt. `time` is when the attempt started. The context tier is picked by usage.input_total().
/// - A class of quantity 0 makes no line; a class without a price (or in usage.other) makes a line without one.
/// - A fee per request is charged once if the usage has any quantity; usage need not carry `requests`.
/// - A usage that is all zero costs 0, unless its source is kUnknown: then the total is unknown. An attempt that is
/// known
///   to have produced nothing (connect failed) therefore needs a usage with source kCounted.
/// - A negative quantity (nobody makes one) is an unknown line, never a credit.
Priced cost_of(const model::Usage& usage, std::span<const PriceRow> rows, WallTime time, ServiceTier tier, int attempt);

/// Sum of the lines of any number of attempts; nullopt if one is unknown or the sum does not fit.
std::optional<Picodollars> total_of(std::span<const model::CostLine> lines);

/// What a request can come to at most.
struct Bounds {
  std::int64_t input_tokens = 0;      // never below the truth (tokens::… bound)
  std::int64_t max_output_tokens = 0; // per choice, reasoning included: what is sent upstream, or the model's limit
  std::int64_t choices = 1;           // n / best_of
  model::Needs needs{};               // audio, images: their prices are then reachable
  bool cache_writes = true;           // false only if the provider writes no cache unless told, and was not told
  std::int64_t images = 0;            // images that are billed per piece
  std::int64_t web_searches = 0;      // must be > 0 if needs.server_tools: unbounded tools have no worst case
  std::int64_t code_sessions = 0;
};

/// Upper bound of cost_of over every usage within `bounds` that starts within an hour from `time`: all input at the
/// dearest reachable class (cache writes included), all output at the dearest reachable class × choices, the dearest
/// context tier up to input_tokens, at any hour of the day, plus fees. nullopt: unpriced, unbounded or out of range.
std::optional<Picodollars> worst_case(const Bounds& bounds, std::span<const PriceRow> rows, WallTime time,
                                      ServiceTier tier);

/// Expected cost for choosing between candidates: uncached input and output at the plain prices, plus the request fee.
std::optional<Picodollars> estimate(std::int64_t input_tokens, std::int64_t output_tokens,
                                    std::span<const PriceRow> rows, WallTime time, ServiceTier tier);

} // namespace kairos::catalog
