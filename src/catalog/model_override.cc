#include "catalog/model_override.h"

#include <fmt/format.h>

namespace kairos::catalog {
namespace {

constexpr UnitPrice kLeastTokenPrice{500'000};             // 0.0005 USD per million
constexpr UnitPrice kMostTokenPrice{100'000'000'000'000};  // 100'000 USD per million
constexpr std::int64_t kMostFee = 1'000 * kOneUsd.value(); // 1'000 USD per piece

std::unexpected<Error> zero_without_free() {
  return fail(Code::kInvalid, "a price of 0 needs `free: true` beside it (an unknown price is left out, not 0)");
}

/// What a text is once its unit is mistaken: the same digits times 1000 or a million.
std::string scaled(UnitPrice price, std::int64_t factor) { return usd_per_million(UnitPrice(price.value() * factor)); }

Result<> fill(PriceTable& table, const std::map<std::string, std::string>& texts, bool fees, bool free) {
  for (const auto& [name, text] : texts) {
    const std::string place = fmt::format("{}.{}", fees ? "usd_each" : "usd_per_million", name.substr(0, 40));
    const auto meter = model::parse_meter(name);
    if (!meter) return fail(Code::kInvalid, place + ": no such meter (docs/catalog.md lists them)");
    if (model::is_token_meter(*meter) == fees) {
      return fail(Code::kInvalid,
                  fmt::format("{}: {} are priced in {}", place, name, fees ? "usd_per_million" : "usd_each"));
    }
    auto price = fees ? parse_fee(text, free) : parse_token_price(text, free);
    if (!price) return fail_in(place, price.error());
    table[static_cast<size_t>(*meter)] = *price;
  }
  return {};
}

Result<> check_times(const PriceOverride& price) {
  if (price.from && price.to && *price.from >= *price.to) {
    return fail(Code::kInvalid, "`from` must be before `to` (a row holds from the first, until before the second)");
  }
  if (price.threshold < 0) return fail(Code::kInvalid, "the threshold of a context tier must not be negative");
  if (!price.window) return {};
  const auto [from, to] = *price.window;
  if (from < 0 || to < 0 || from > 1439 || to > 1440 || from == to) {
    return fail(Code::kInvalid, "a window goes from 00:00 to 24:00 UTC at most, and is not empty");
  }
  return {};
}

} // namespace

Result<UnitPrice> parse_token_price(std::string_view text, bool free) {
  const auto price = parse_usd_per_million(text);
  if (!price) {
    // "3e-10" has too many decimals for a price per million, because it is none.
    if (const auto tiny = parse_usd(text); tiny && tiny->value() > 0 && *tiny < kOneUsd) {
      return fail(Code::kInvalid, fmt::format("'{}' is too small for USD per million tokens; per token it would be {} "
                                              "per million: write that",
                                              text.substr(0, 40), scaled(UnitPrice(tiny->value()), 1000)));
    }
    return price;
  }
  if (price->value() < 0) return fail(Code::kInvalid, fmt::format("'{}' is negative", text.substr(0, 40)));
  if (price->value() == 0 && !free) return zero_without_free();
  if (price->value() != 0 && *price < kLeastTokenPrice) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is too small for USD per million tokens; if it is per token, write {}; if it is per "
                            "thousand tokens, write {}",
                            text.substr(0, 40), scaled(*price, 1'000'000), scaled(*price, 1'000)));
  }
  if (*price > kMostTokenPrice) {
    return fail(
        Code::kInvalid,
        fmt::format("'{}' is too large for USD per million tokens; if it is in picodollars per token, write {}; "
                    "if it is per billion tokens, write {}",
                    text.substr(0, 40), usd_per_million(UnitPrice(price->value() / 1'000'000)),
                    usd_per_million(UnitPrice(price->value() / 1'000))));
  }
  return price;
}

Result<UnitPrice> parse_fee(std::string_view text, bool free) {
  const auto fee = parse_usd(text);
  if (!fee) return std::unexpected(fee.error());
  if (fee->value() < 0) return fail(Code::kInvalid, fmt::format("'{}' is negative", text.substr(0, 40)));
  if (fee->value() == 0 && !free) return zero_without_free();
  if (fee->value() > kMostFee) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is too large for USD per piece; if it is per million pieces, divide it "
                            "by 1000000; if it is per thousand, by 1000",
                            text.substr(0, 40)));
  }
  return UnitPrice(fee->value() * 1000); // picodollars each → 1e-9 USD per million
}

Result<PriceRow> to_price_row(const PriceOverride& price) {
  if (auto checked = check_times(price); !checked) return std::unexpected(checked.error());
  PriceRow row;
  row.service_tier = price.service_tier;
  row.from = price.from;
  row.to = price.to;
  row.window = price.window;
  row.threshold = price.threshold;
  row.start = price.start;
  row.free = price.free;
  row.source = "configuration";
  if (auto filled = fill(row.prices, price.usd_per_million, false, price.free); !filled) {
    return std::unexpected(filled.error());
  }
  if (auto filled = fill(row.prices, price.usd_each, true, price.free); !filled) return std::unexpected(filled.error());
  return row;
}

} // namespace kairos::catalog
