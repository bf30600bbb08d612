// Price rows: what one model at one provider costs, in USD per million units, for one validity, service tier, context
// tier and (rarely) time of day. A row is complete: whatever a context tier re-rates is already in its own row, so that
// choosing the row is the whole of choosing the prices. A meter without a price is unknown, never 0.
// Rules and their reasons: docs/money.md. Where rows come from: docs/catalog.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/money.h"
#include "model/meter.h"

namespace kairos::catalog {

enum class ServiceTier : std::uint8_t { kStandard, kBatch, kFlex, kPriority };
inline constexpr std::array<std::string_view, 4> kServiceTierNames = {"standard", "batch", "flex", "priority"};
constexpr std::string_view name(ServiceTier tier) { return kServiceTierNames[static_cast<size_t>(tier)]; }
/// As written in requests and answers: "", "default", "auto", "on_demand", "standard_only" are standard. nullopt: a
/// tier that we do not know, whose price is therefore unknown.
std::optional<ServiceTier> parse_service_tier(std::string_view text);

/// Whether a context tier begins with the request that has exactly `threshold` input tokens, or with the next one.
enum class TierStart : std::uint8_t { kAbove, kAt };
inline constexpr std::array<std::string_view, 2> kTierStartNames = {"above", "at"};

/// Minutes of the UTC day, [from, to); over midnight if from > to.
struct DayWindow {
  std::int32_t from = 0;
  std::int32_t to = 0;
  bool contains(WallTime time) const;
  bool operator==(const DayWindow&) const = default;
};

/// By model::Meter.
using PriceTable = std::array<std::optional<UnitPrice>, model::kMeterCount>;

struct PriceRow {
  ServiceTier service_tier = ServiceTier::kStandard;
  std::optional<WallTime> from;    // inclusive; nullopt: since ever
  std::optional<WallTime> to;      // exclusive; nullopt: until further notice
  std::optional<DayWindow> window; // nullopt: all day
  std::int64_t threshold = 0;      // total input tokens (cached included) from which the row holds; 0: the base tier
  TierStart start = TierStart::kAbove;
  bool free = false; // the source says that it costs nothing; only then may a price be 0
  PriceTable prices;
  std::string source;      // "litellm", "genai-prices", "models.dev", "configuration"
  std::string source_date; // "2026-07-24"
  std::string note;        // digits cut from the source's price, provider rules applied; mostly empty

  std::optional<UnitPrice> price(model::Meter meter) const { return prices[static_cast<size_t>(meter)]; }
  /// The price that a quantity of `meter` is billed at: its own, or for reasoning that has none, the output price.
  /// No other meter borrows another's price.
  std::optional<UnitPrice> billed_price(model::Meter meter) const;
  bool valid_at(WallTime time) const; // validity and window
  bool reached_by(std::int64_t input_total) const;
};

/// The row that prices a request of `input_total` input tokens that starts at `time`; nullptr: unknown. There is no
/// falling back from one service tier to another. Among rows that apply: one with a window before one without, then the
/// highest threshold, then the latest `from`.
const PriceRow* price_at(std::span<const PriceRow> rows, WallTime time, ServiceTier tier, std::int64_t input_total);

} // namespace kairos::catalog
