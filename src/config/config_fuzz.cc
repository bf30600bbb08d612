// Any text: it loads, or the error names the file and a line.
#include <cstdlib>
#include <string_view>

#include "catalog/testing/no_models.h"
#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  static const auto catalog = [] {
    auto parsed = kairos::catalog::Catalog::parse(kairos::catalog::testing::kNoModels);
    if (!parsed) std::abort();
    return std::make_shared<const kairos::catalog::Catalog>(std::move(*parsed));
  }();
  kairos::config::Environment environment;
  environment.variable = [](std::string_view) { return std::optional<std::string>("key"); };
  environment.file = [](const std::string&) -> kairos::Result<std::string> { return "key"; };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto snapshot = kairos::config::load(text, "f", environment, catalog);
  if (!snapshot && !snapshot.error().message.starts_with("f:")) std::abort();
  return 0;
}
