// JSON for this folder: one parser per thread with the depth limit, small readers, and the places of members in the
// bytes. Internal to providers: it includes simdjson.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/client_request.h"

namespace kairos::providers {

using Json = simdjson::dom::element;
using JsonObject = simdjson::dom::object;
using JsonArray = simdjson::dom::array;

/// Parses and validates the whole text (UTF-8, grammar, depth). The element lives until this thread's next call with
/// the same slot; slot 1 is for JSON inside JSON (tool arguments).
Result<Json> parse_json(std::string_view text, int slot = 0);

/// The value of `key` if `parent` is an object that has it and it is not null. With duplicates the first counts, so do
/// not use this on what a client sent.
std::optional<Json> member(Json parent, std::string_view key);
/// The same when the value has to be a string; empty if not.
std::string_view text_member(Json parent, std::string_view key);
/// A count: a whole number from 0 to kMaxCount (a float without a fraction is taken as well).
std::optional<std::int64_t> count_member(Json parent, std::string_view key);
std::optional<JsonObject> object_member(Json parent, std::string_view key);
std::optional<JsonArray> array_member(Json parent, std::string_view key);

/// Compact JSON of an element.
std::string to_text(Json element);

/// Where the members of the object at the start of `text` are, in order. `text` must have been validated.
std::vector<Member> locate_members(std::string_view text);

} // namespace kairos::providers
