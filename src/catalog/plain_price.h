// The prices of a model that depend neither on when a request comes nor on how long it is, as most do: a few numbers
// side by side, for whoever asks of hundreds of models at once. Same results as price_at(), estimate() and
// worst_case().
#pragma once

#include <optional>
#include <span>

#include "catalog/cost.h"

namespace kairos::catalog {

struct PlainPrice {
  std::optional<UnitPrice> input, output, request;
  UnitPrice dearest_input, dearest_output; // of all kinds that plain bounds may reach
  bool rounds = false;                     // some price is so fine that lines may be rounded
  bool speaks = false;                     // it has a price for output in sound
};

/// Of the standard tier. nullopt: there is no such row, several, or one of limited validity.
std::optional<PlainPrice> plain_price(std::span<const PriceRow> rows);
/// That row; nullptr: as above.
const PriceRow* plain_row(std::span<const PriceRow> rows);

/// Nothing but text within these bounds.
bool is_plain(const Bounds& bounds);
/// As worst_case() of the rows; `bounds` must be plain.
std::optional<Picodollars> worst_case(const Bounds& bounds, const PlainPrice& price);

} // namespace kairos::catalog
