// Any text: it loads, or the error names the file and a line.
#include <cstdlib>
#include <string_view>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  static const auto catalog = [] {
    constexpr std::string_view kEmpty =
        R"({"format": "kairosroute.catalog/1", "price_date": "2026-11-01", "sources": [], "providers": [], "models": []})";
    auto parsed = kairos::catalog::Catalog::parse(kEmpty);
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
