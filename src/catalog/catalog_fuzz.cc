// Any bytes as a catalog file: refused or read, never a crash, and what was read can be priced.
#include "catalog/catalog.h"
#include "catalog/cost.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kairos;
  const auto read = catalog::Catalog::parse({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  const catalog::Bounds bounds{.input_tokens = 300'000, .max_output_tokens = 1'000, .choices = 2};
  for (const catalog::Model& model : read->models()) {
    catalog::worst_case(bounds, model.prices, WallTime{}, catalog::ServiceTier::kStandard);
    catalog::estimate(1'000, 100, model.prices, WallTime{}, catalog::ServiceTier::kBatch);
  }
  return 0;
}
