#include "catalog/cost.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/line_cost.h"
#include "catalog/plain_price.h"

namespace kairos::catalog {
namespace {

using model::Meter;

/// usage.input_total(), but safe for any quantities.
std::int64_t input_of(const model::Usage& usage) {
  std::int64_t sum = 0;
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    if (!model::is_input_meter(static_cast<Meter>(i)) || usage.quantities[i] <= 0) continue;
    if (__builtin_add_overflow(sum, usage.quantities[i], &sum)) return INT64_MAX;
  }
  return sum;
}

bool any_quantity(const model::Usage& usage) {
  const auto nonzero = [](std::int64_t quantity) { return quantity != 0; };
  return std::any_of(usage.quantities.begin(), usage.quantities.end(), nonzero) ||
         std::any_of(usage.other.begin(), usage.other.end(), [](const auto& entry) { return entry.second != 0; });
}

model::CostLine make_line(std::string_view meter, std::int64_t quantity, std::optional<UnitPrice> price, int attempt) {
  model::CostLine line{attempt, std::string(meter), quantity, price, std::nullopt};
  if (price && quantity > 0) line.cost = line_cost(quantity, *price);
  return line;
}

constexpr auto kHorizon = std::chrono::hours(1);

bool may_apply(const PriceRow& row, WallTime time, ServiceTier tier, std::int64_t input) {
  return row.service_tier == tier && (!row.from || *row.from < time + kHorizon) && (!row.to || *row.to > time) &&
         row.reached_by(input);
}

/// The dearest price of each kind over all rows that may apply; `known` is false if one of them lacks a price that the
/// request needs.
struct Dearest {
  bool known = true;
  bool rounds = false; // some price is so fine that lines may be rounded
  UnitPrice input, output, request, image, web_search, code_session;
};

void raise(Dearest& dearest, UnitPrice& into, std::optional<UnitPrice> price, bool needed) {
  if (!price) {
    if (needed) dearest.known = false;
    return;
  }
  into = std::max(into, *price);
  if (price->value() % 1000 != 0) dearest.rounds = true;
}

void raise(Dearest& dearest, const PriceRow& row, const Bounds& bounds) {
  raise(dearest, dearest.input, row.price(Meter::kInput), bounds.input_tokens > 0);
  raise(dearest, dearest.input, row.price(Meter::kCacheRead), false);
  if (bounds.cache_writes) {
    raise(dearest, dearest.input, row.price(Meter::kCacheWrite), false);
    raise(dearest, dearest.input, row.price(Meter::kCacheWrite1h), false);
  }
  if (bounds.needs.audio) {
    raise(dearest, dearest.input, row.price(Meter::kInputAudio), true);
    raise(dearest, dearest.input, row.price(Meter::kCacheReadAudio), false);
    raise(dearest, dearest.output, row.price(Meter::kOutputAudio), false);
  }
  if (bounds.needs.images) {
    raise(dearest, dearest.input, row.price(Meter::kInputImage), false);
    raise(dearest, dearest.input, row.price(Meter::kCacheReadImage), false);
  }
  raise(dearest, dearest.output, row.price(Meter::kOutput), bounds.max_output_tokens > 0);
  raise(dearest, dearest.output, row.price(Meter::kReasoning), false);
  raise(dearest, dearest.output, row.price(Meter::kOutputImage), false);
  raise(dearest, dearest.request, row.price(Meter::kRequest), false);
  raise(dearest, dearest.image, row.price(Meter::kImage), bounds.images > 0);
  raise(dearest, dearest.web_search, row.price(Meter::kWebSearch), bounds.web_searches > 0);
  raise(dearest, dearest.code_session, row.price(Meter::kCodeSession), bounds.code_sessions > 0);
}

bool sane(const Bounds& bounds) {
  if (bounds.needs.server_tools && bounds.web_searches + bounds.code_sessions <= 0) return false;
  return bounds.input_tokens >= 0 && bounds.max_output_tokens >= 0 && bounds.choices >= 1 && bounds.images >= 0 &&
         bounds.web_searches >= 0 && bounds.code_sessions >= 0;
}

/// Sum of quantity × price; nullopt if any part or the sum does not fit.
class Sum {
public:
  void add(std::int64_t quantity, UnitPrice price) {
    if (quantity == 0 || price.value() == 0) return;
    Picodollars cost;
    fits_ = line_cost(quantity, price, cost) && fits_;
    total_ += cost.value();
  }
  void add(std::int64_t picodollars) { total_ += picodollars; }
  std::optional<Picodollars> total() const {
    if (!fits_ || total_ > INT64_MAX) return std::nullopt;
    return Picodollars(static_cast<std::int64_t>(total_));
  }

private:
  bool fits_ = true;
  Int128 total_ = 0;
};

} // namespace

Priced cost_of(const model::Usage& usage, std::span<const PriceRow> rows, WallTime time, ServiceTier tier,
               int attempt) {
  Priced priced;
  priced.row = price_at(rows, time, tier, input_of(usage));
  priced.lines.reserve(4);
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    const auto meter = static_cast<Meter>(i);
    const auto price = priced.row ? priced.row->billed_price(meter) : std::nullopt;
    std::int64_t quantity = usage.quantities[i];
    if (meter == Meter::kRequest && quantity == 0 && price && any_quantity(usage)) quantity = 1;
    if (quantity != 0) priced.lines.push_back(make_line(model::meter_name(meter), quantity, price, attempt));
  }
  for (const auto& [name, quantity] : usage.other) {
    if (quantity != 0) priced.lines.push_back(make_line(name, quantity, std::nullopt, attempt));
  }
  if (!priced.lines.empty() || usage.source != model::UsageSource::kUnknown) priced.total = total_of(priced.lines);
  return priced;
}

std::optional<Picodollars> total_of(std::span<const model::CostLine> lines) {
  PicoSum sum = 0;
  for (const model::CostLine& line : lines) {
    if (!line.cost) return std::nullopt;
    sum += line.cost->value();
  }
  if (sum > INT64_MAX || sum < INT64_MIN) return std::nullopt;
  return Picodollars(static_cast<std::int64_t>(sum));
}

std::optional<Picodollars> worst_case(const Bounds& bounds, std::span<const PriceRow> rows, WallTime time,
                                      ServiceTier tier) {
  if (!sane(bounds) || price_at(rows, time, tier, 0) == nullptr) return std::nullopt;
  Dearest dearest;
  for (const PriceRow& row : rows) {
    if (may_apply(row, time, tier, bounds.input_tokens)) raise(dearest, row, bounds);
  }
  std::int64_t output = 0;
  if (!dearest.known || __builtin_mul_overflow(bounds.max_output_tokens, bounds.choices, &output)) return std::nullopt;
  Sum sum;
  sum.add(bounds.input_tokens, dearest.input);
  sum.add(output, dearest.output);
  sum.add(1, dearest.request);
  sum.add(bounds.images, dearest.image);
  sum.add(bounds.web_searches, dearest.web_search);
  sum.add(bounds.code_sessions, dearest.code_session);
  // The real lines may be more than these, each rounded up by at most half a picodollar.
  if (dearest.rounds) sum.add(static_cast<std::int64_t>(model::kMeterCount));
  return sum.total();
}

const PriceRow* plain_row(std::span<const PriceRow> rows) {
  const PriceRow* only = nullptr;
  for (const PriceRow& row : rows) {
    if (row.service_tier != ServiceTier::kStandard) continue;
    if (only != nullptr || row.from || row.to || row.window || row.threshold > 0) return nullptr;
    only = &row;
  }
  return only;
}

std::optional<PlainPrice> plain_price(std::span<const PriceRow> rows) {
  const PriceRow* row = plain_row(rows);
  if (row == nullptr) return std::nullopt;
  Dearest dearest;
  raise(dearest, *row, Bounds{});
  return PlainPrice{.input = row->price(Meter::kInput),
                    .output = row->price(Meter::kOutput),
                    .request = row->price(Meter::kRequest),
                    .dearest_input = dearest.input,
                    .dearest_output = dearest.output,
                    .rounds = dearest.rounds,
                    .speaks = row->price(Meter::kOutputAudio).has_value()};
}

bool is_plain(const Bounds& bounds) {
  return bounds.cache_writes && !bounds.needs.audio && !bounds.needs.images && !bounds.needs.server_tools &&
         bounds.images == 0 && bounds.web_searches == 0 && bounds.code_sessions == 0;
}

std::optional<Picodollars> worst_case(const Bounds& bounds, const PlainPrice& price) {
  if (!sane(bounds)) return std::nullopt;
  if ((bounds.input_tokens > 0 && !price.input) || (bounds.max_output_tokens > 0 && !price.output)) return std::nullopt;
  std::int64_t output = 0;
  if (__builtin_mul_overflow(bounds.max_output_tokens, bounds.choices, &output)) return std::nullopt;
  Sum sum;
  sum.add(bounds.input_tokens, price.dearest_input);
  sum.add(output, price.dearest_output);
  sum.add(1, price.request.value_or(UnitPrice()));
  if (price.rounds) sum.add(static_cast<std::int64_t>(model::kMeterCount));
  return sum.total();
}

std::optional<Picodollars> estimate(std::int64_t input_tokens, std::int64_t output_tokens,
                                    std::span<const PriceRow> rows, WallTime time, ServiceTier tier) {
  model::Usage usage;
  usage[Meter::kInput] = input_tokens;
  usage[Meter::kOutput] = output_tokens;
  usage.source = model::UsageSource::kEstimated;
  return cost_of(usage, rows, time, tier, 0).total;
}

} // namespace kairos::catalog
