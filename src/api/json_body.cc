#include "api/json_body.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace kairos::api {

namespace json = boost::json;

Result<json::object> parse_object(std::string_view text, size_t most) {
  if (text.size() > most) return fail(Code::kTooLarge, fmt::format("the body is over {} bytes", most));
  json::parse_options options;
  options.max_depth = 16;
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error) return fail(Code::kInvalid, fmt::format("the body is not JSON: {}", error.message()));
  if (!value.is_object()) return fail(Code::kInvalid, "the body must be a JSON object");
  return std::move(value.as_object());
}

} // namespace kairos::api
