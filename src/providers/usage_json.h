// read_usage for an element that is parsed already. Internal to providers: it includes simdjson.
#pragma once

#include "providers/json.h"
#include "providers/usage.h"

namespace kairos::providers {

std::optional<model::Usage> read_usage_json(UsageShape shape, Json usage);
std::optional<model::Usage> read_gemini_usage(Json usage);
std::optional<model::Usage> read_openai_usage(Json usage);

} // namespace kairos::providers
