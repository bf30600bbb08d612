// What the configuration may say about a model: a change to one of the catalog, or a new one. Plain values; prices are
// texts as written, so that a price in the wrong unit is refused with what was written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "base/result.h"
#include "catalog/price.h"
#include "model/category.h"
#include "model/enums.h"
#include "model/meter.h"

namespace kairos::catalog {

/// What a model can do.
struct Capabilities {
  bool tools = false;
  bool images = false;
  bool audio = false;
  bool json_schema = false;
  bool reasoning = false;
  bool embeddings = false; // it embeds, and does nothing else
  bool streaming = true;
  bool web_search = false; // run by the provider
  bool operator==(const Capabilities&) const = default;
};

struct PriceOverride {
  ServiceTier service_tier = ServiceTier::kStandard;
  std::optional<WallTime> from{};
  std::optional<WallTime> to{};
  std::optional<DayWindow> window{};
  std::int64_t threshold = 0;
  TierStart start = TierStart::kAbove;
  bool free = false;                                    // required for a price of 0
  std::map<std::string, std::string> usd_per_million{}; // token meter name → decimal
  std::map<std::string, std::string> usd_each{};        // fee meter name (requests, images, …) → decimal USD per piece
};

/// Fields that are absent keep what the catalog says (a new model: nothing, streaming).
struct ModelOverride {
  std::string id{};
  std::string provider{};
  bool remove = false; // the model is not to be used at all
  std::optional<std::string> upstream_id{};
  std::optional<std::string> name{};
  std::optional<std::vector<std::string>> aliases{};
  std::optional<std::vector<model::Dialect>> dialects{};
  std::optional<Capabilities> capabilities{};
  std::optional<std::int64_t> context_length{};
  std::optional<std::int64_t> max_output_tokens{};
  std::map<model::Category, double> quality{};        // replaces the priors of these categories
  std::optional<std::vector<PriceOverride>> prices{}; // replaces all rows of the model
};

/// Reads a token price in USD per million. What is clearly another unit is refused: a price below 0.0005 (per token, or
/// per thousand tokens) or above 100'000; so is a 0 without `free`. The message names both readings.
Result<UnitPrice> parse_token_price(std::string_view text, bool free);
/// Reads a fee in USD per piece, at most 1'000 (a price per million pieces would be more).
Result<UnitPrice> parse_fee(std::string_view text, bool free);
/// The checked row.
Result<PriceRow> to_price_row(const PriceOverride& price);

} // namespace kairos::catalog
