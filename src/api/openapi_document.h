// docs/openapi.json as it was when this program was built.
#pragma once

#include <string_view>

namespace kairos::api {

std::string_view openapi_document();

} // namespace kairos::api
