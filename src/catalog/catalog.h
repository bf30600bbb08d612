// The catalog: which models there are, what they can do and what they cost. Immutable once made, so any thread may read
// it; a reload makes a new one (hold it by shared_ptr<const Catalog>). Built from the committed file
// config/catalog.json, which is embedded in the binary; tools/catalog/build_catalog.py makes that file. Format:
// docs/catalog.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/model_override.h"
#include "catalog/price.h"
#include "model/category.h"
#include "model/enums.h"

namespace kairos::catalog {

/// Of a model.
inline constexpr size_t kMostPriceRows = 256;

/// A service that is known by name. Where it is reached and with which key may be set anew in the configuration.
struct Provider {
  std::string id;   // "openai"
  std::string name; // "OpenAI"
  std::vector<model::Dialect> dialects;
  std::string base_url;    // empty: must be configured (self-hosted servers, Azure)
  std::string api_key_env; // empty: none
};

/// One model at one provider.
struct Model {
  std::string id;                       // what clients ask for; the same at every provider that serves it
  std::string provider;                 // Provider::id
  std::string upstream_id;              // what the provider calls it
  std::string name;                     // for people
  std::string family;                   // "claude-sonnet", "gpt-mini"
  std::string snapshot_of;              // a dated version of this model: served when asked for, no candidate of its own
  std::vector<std::string> aliases;     // other ids that clients may use
  std::vector<model::Dialect> dialects; // served with, the preferred one first
  Capabilities capabilities;
  std::optional<std::int64_t> context_length; // input and output together
  std::optional<std::int64_t> max_output_tokens;
  std::optional<WallTime> released;
  std::optional<WallTime> deprecated;                                 // from then on not chosen unless pinned
  std::array<std::optional<double>, model::kCategoryCount> quality{}; // prior, 0..1; nullopt: nothing is known
  std::array<std::string, model::kCategoryCount> quality_source{}; // "benchmarks", "family", "price", "configuration"
  std::vector<PriceRow> prices;                                    // empty: unpriced
  std::string disagreement; // how the tables that were not preferred differ; for people

  bool deprecated_at(WallTime time) const { return deprecated && *deprecated <= time; }
};

class Catalog {
public:
  /// Reads the format of docs/catalog.md. Errors name the place: "models[3].prices[0].usd_per_million.input_tokens: …".
  /// At most 8 MiB, 10'000 models, 256 price rows each.
  static Result<Catalog> parse(std::string_view json);
  /// The catalog in the binary. An error is a bug of the build, and the tests look for it.
  static Result<Catalog> built_in();

  /// A new catalog with the overrides of the configuration laid over this one; nothing happens to this one.
  Result<Catalog> with(std::span<const ModelOverride> overrides) const;

  std::span<const Provider> providers() const { return providers_; }
  const Provider* provider(std::string_view id) const;

  /// All models, in the order provider, id.
  std::span<const Model> models() const { return models_; }
  /// Every provider's offer of what the client calls `name`: an id, an alias, or "provider/id" (which gives at most
  /// one). Empty: unknown. The pointers live as long as the catalog.
  std::vector<const Model*> find(std::string_view name) const;
  /// By provider and id, alias or upstream id.
  const Model* find(std::string_view provider, std::string_view id) const;

  /// "2026-08-21-1a2b3c4d5e6f": date of the newest source and hash of the content; overrides change the hash.
  const std::string& price_version() const { return price_version_; }

private:
  Result<> index();

  std::vector<Provider> providers_;
  std::vector<Model> models_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_name_; // id and aliases → positions in models_
  std::map<std::string, std::size_t, std::less<>> by_provider_;          // "provider/id" likewise
  std::string price_version_;
};

/// The row of `model` for a request at `time`: price_at(model.prices, …).
inline const PriceRow* price_at(const Model& model, WallTime time, ServiceTier tier, std::int64_t input_total) {
  return price_at(std::span<const PriceRow>(model.prices), time, tier, input_total);
}

} // namespace kairos::catalog
