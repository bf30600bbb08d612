// For tests that bring their own models.
#pragma once

#include <string_view>

namespace kairos::catalog::testing {

/// For Catalog::parse.
inline constexpr std::string_view kNoModels =
    R"({"format": "kairosroute.catalog/1", "price_date": "2026-11-01", "sources": [], "providers": [], "models": []})";

} // namespace kairos::catalog::testing
