// Bodies of requests as JSON objects.
#pragma once

#include <boost/json/object.hpp>

#include <string_view>

#include "base/result.h"

namespace kairos::api {

inline constexpr size_t kMaxBody = 256 * 1024;

/// kInvalid: not a JSON object (of a key given twice the last one counts); kTooLarge over `most` bytes. At most 16
/// levels deep.
Result<boost::json::object> parse_object(std::string_view text, size_t most = kMaxBody);

} // namespace kairos::api
