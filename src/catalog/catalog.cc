#include "catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "catalog/embedded.h"
#include "catalog/fingerprint.h"

namespace kairos::catalog {

Result<Catalog> Catalog::built_in() { return parse(embedded_catalog()); }

const Provider* Catalog::provider(std::string_view id) const {
  const auto found = std::find_if(providers_.begin(), providers_.end(), [&](const Provider& p) { return p.id == id; });
  return found == providers_.end() ? nullptr : &*found;
}

std::vector<const Model*> Catalog::find(std::string_view name) const {
  if (const auto exact = by_provider_.find(name); exact != by_provider_.end()) return {&models_[exact->second]};
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  std::vector<const Model*> offers;
  offers.reserve(found->second.size());
  for (const std::size_t position : found->second) offers.push_back(&models_[position]);
  return offers;
}

const Model* Catalog::find(std::string_view provider, std::string_view id) const {
  const auto found = by_provider_.find(fmt::format("{}/{}", provider, id));
  return found == by_provider_.end() ? nullptr : &models_[found->second];
}

Result<> Catalog::index() {
  std::sort(models_.begin(), models_.end(),
            [](const Model& a, const Model& b) { return std::tie(a.provider, a.id) < std::tie(b.provider, b.id); });
  by_name_.clear();
  by_provider_.clear();
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const Model& model = models_[i];
    if (!by_provider_.emplace(fmt::format("{}/{}", model.provider, model.id), i).second) {
      return fail(Code::kConflict, fmt::format("catalog: {}/{} is there twice", model.provider, model.id));
    }
    by_name_[model.id].push_back(i);
  }
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const Model& model = models_[i];
    by_provider_.emplace(fmt::format("{}/{}", model.provider, model.upstream_id), i); // never hides an id
    for (const std::string& alias : model.aliases) {
      const auto [entry, added] = by_provider_.emplace(fmt::format("{}/{}", model.provider, alias), i);
      if (!added && entry->second != i) {
        return fail(Code::kConflict, fmt::format("catalog: {}/{}: alias '{}' is taken by {}", model.provider, model.id,
                                                 alias, models_[entry->second].id));
      }
      auto& offers = by_name_[alias];
      if (std::find(offers.begin(), offers.end(), i) == offers.end()) offers.push_back(i);
    }
  }
  return {};
}

} // namespace kairos::catalog
