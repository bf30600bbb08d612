// Catalog::with: the configuration's overrides laid over a catalog.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/fingerprint.h"

namespace kairos::catalog {
namespace {

Result<> apply_prices(Model& model, const std::vector<PriceOverride>& prices) {
  if (prices.size() > kMostPriceRows) return fail(Code::kInvalid, "prices: at most 256 rows");
  model.prices.clear();
  for (const PriceOverride& price : prices) {
    auto row = to_price_row(price);
    if (!row) return fail_in(fmt::format("prices[{}]", model.prices.size()), row.error());
    model.prices.push_back(std::move(*row));
  }
  return {};
}

Result<> apply_quality(Model& model, const ModelOverride& change) {
  for (const auto& [category, prior] : change.quality) {
    if (!(prior >= 0 && prior <= 1)) {
      return fail(Code::kInvalid, fmt::format("quality.{}: must be from 0 to 1", model::name(category)));
    }
    model.quality[static_cast<size_t>(category)] = prior;
    model.quality_source[static_cast<size_t>(category)] = "configuration";
  }
  return {};
}

Result<> apply(Model& model, const ModelOverride& change) {
  const auto positive = [](const std::optional<std::int64_t>& value) { return !value || *value > 0; };
  if (!positive(change.context_length)) return fail(Code::kInvalid, "context_length: must be above 0");
  if (!positive(change.max_output_tokens)) return fail(Code::kInvalid, "max_output_tokens: must be above 0");
  if (change.dialects && change.dialects->empty()) return fail(Code::kInvalid, "dialects: must name at least one");
  if (change.upstream_id) model.upstream_id = *change.upstream_id;
  if (change.name) model.name = *change.name;
  if (change.aliases) model.aliases = *change.aliases;
  if (change.dialects) model.dialects = *change.dialects;
  if (change.capabilities) model.capabilities = *change.capabilities;
  if (change.context_length) model.context_length = change.context_length;
  if (change.max_output_tokens) model.max_output_tokens = change.max_output_tokens;
  if (auto quality = apply_quality(model, change); !quality) return quality;
  return change.prices ? apply_prices(model, *change.prices) : Result<>{};
}

Model new_model(const ModelOverride& change, const Provider* provider) {
  Model model;
  model.id = change.id;
  model.provider = change.provider;
  model.upstream_id = change.id;
  model.name = change.id;
  model.dialects = {model::Dialect::kOpenAi};
  if (provider != nullptr && !provider->dialects.empty()) model.dialects = provider->dialects;
  return model;
}

/// Everything about prices and quality that an override says, for telling versions apart.
std::string content_of(const ModelOverride& change) {
  std::string out = fmt::format("{}/{}|{}|", change.provider, change.id, change.remove);
  const auto moment = [](const std::optional<WallTime>& time) { return time ? to_rfc3339(*time) : std::string(); };
  for (const PriceOverride& price : change.prices.value_or(std::vector<PriceOverride>{})) {
    out += fmt::format("[{},{},{},{},{},{}", name(price.service_tier), moment(price.from), moment(price.to),
                       price.threshold, static_cast<int>(price.start), price.free);
    if (price.window) out += fmt::format(",{}-{}", price.window->from, price.window->to);
    for (const auto& [meter, text] : price.usd_per_million) out += fmt::format(";{}={}", meter, text);
    for (const auto& [meter, text] : price.usd_each) out += fmt::format(";{}={} each", meter, text);
    out += ']';
  }
  for (const auto& [category, prior] : change.quality) out += fmt::format("{}={};", model::name(category), prior);
  return out;
}

} // namespace

Result<Catalog> Catalog::with(std::span<const ModelOverride> overrides) const {
  Catalog catalog = *this;
  std::string contents;
  for (const ModelOverride& change : overrides) {
    const std::string place = fmt::format("models: {}/{}", change.provider, change.id);
    if (change.id.empty() || change.provider.empty()) return fail(Code::kInvalid, place + ": needs provider and id");
    auto at = std::find_if(catalog.models_.begin(), catalog.models_.end(), [&](const Model& model) {
      return model.provider == change.provider && model.id == change.id;
    });
    contents += content_of(change);
    if (change.remove) {
      if (at == catalog.models_.end())
        return fail(Code::kNotFound, place + ": cannot be removed, it is not in the catalog");
      catalog.models_.erase(at);
      continue;
    }
    if (at == catalog.models_.end()) {
      at = catalog.models_.insert(at, new_model(change, catalog.provider(change.provider)));
    }
    if (auto applied = apply(*at, change); !applied) return fail_in(place, applied.error());
  }
  if (!overrides.empty()) catalog.price_version_ += "+" + fingerprint(contents);
  if (auto indexed = catalog.index(); !indexed) return std::unexpected(indexed.error());
  return catalog;
}

} // namespace kairos::catalog
