// A validator for the part of JSON Schema 2020-12 that docs/receipt.schema.json uses: type, properties, required,
// additionalProperties, items, enum, const, pattern, minimum, maximum, maxItems, maxLength, maxProperties,
// dependentRequired and $ref into $defs. Any other keyword is an error, so that none is silently ignored. For tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kairos::store {

/// What is wrong with `document`, as "path: why"; empty if it fits. Broken JSON on either side is one such line.
std::vector<std::string> schema_errors(std::string_view schema, std::string_view document);

} // namespace kairos::store
