// config/catalog.json as it was when the binary was built.
#pragma once

#include <string_view>

namespace kairos::catalog {

std::string_view embedded_catalog();

} // namespace kairos::catalog
