#include "catalog/price.h"

#include <tuple>

namespace kairos::catalog {

std::optional<ServiceTier> parse_service_tier(std::string_view text) {
  if (text.empty() || text == "default" || text == "auto" || text == "on_demand" || text == "standard_only") {
    return ServiceTier::kStandard;
  }
  for (size_t i = 0; i < kServiceTierNames.size(); ++i) {
    if (kServiceTierNames[i] == text) return static_cast<ServiceTier>(i);
  }
  return std::nullopt;
}

bool DayWindow::contains(WallTime time) const {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const auto minute = std::chrono::duration_cast<std::chrono::minutes>(time - midnight).count();
  if (from <= to) return minute >= from && minute < to;
  return minute >= from || minute < to;
}

std::optional<UnitPrice> PriceRow::billed_price(model::Meter meter) const {
  const auto own = price(meter);
  if (own || meter != model::Meter::kReasoning) return own;
  return price(model::Meter::kOutput);
}

bool PriceRow::valid_at(WallTime time) const {
  if (from && time < *from) return false;
  if (to && time >= *to) return false;
  return !window || window->contains(time);
}

bool PriceRow::reached_by(std::int64_t input_total) const {
  if (threshold <= 0) return true;
  return start == TierStart::kAt ? input_total >= threshold : input_total > threshold;
}

const PriceRow* price_at(std::span<const PriceRow> rows, WallTime time, ServiceTier tier, std::int64_t input_total) {
  const auto rank = [](const PriceRow& row) {
    return std::tuple(row.window.has_value(), row.threshold, row.from.value_or(WallTime::min()));
  };
  const PriceRow* best = nullptr;
  for (const PriceRow& row : rows) {
    if (row.service_tier != tier || !row.valid_at(time) || !row.reached_by(input_total)) continue;
    if (best == nullptr || rank(row) > rank(*best)) best = &row;
  }
  return best;
}

} // namespace kairos::catalog
