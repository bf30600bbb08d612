// The periods of budgets: UTC days, UTC months, and "total" (one period without end).
// A period's text is its identity in receipts and checkpoints: "2026-11-23", "2026-11", "total".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace kairos::ledger {

enum class Period : std::uint8_t { kDay, kMonth, kTotal };
inline constexpr size_t kPeriodCount = 3;
inline constexpr std::array<std::string_view, kPeriodCount> kPeriodNames = {"day", "month", "total"};
constexpr std::string_view name(Period v) { return kPeriodNames[static_cast<size_t>(v)]; }

/// One period. `ordinal`: days since 1970-01-01, months since 1970-01, or 0.
struct PeriodKey {
  Period kind = Period::kTotal;
  std::int32_t ordinal = 0;
  auto operator<=>(const PeriodKey&) const = default;
};

PeriodKey period_at(Period kind, WallTime time);
std::string to_text(PeriodKey period);
/// Reads what to_text writes; kInvalid for everything else.
Result<PeriodKey> parse_period(std::string_view text);
/// First instant of the period, and the first after it; nullopt for "total".
std::optional<WallTime> start_of(PeriodKey period);
std::optional<WallTime> end_of(PeriodKey period);

} // namespace kairos::ledger
