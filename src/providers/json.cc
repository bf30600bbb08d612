#include "providers/json.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace kairos::providers {
namespace {

constexpr size_t kKeptCapacity = size_t{4} << 20; // a parser that once read more than this does not keep the memory

simdjson::dom::parser& fresh_parser(simdjson::dom::parser& parser) {
  if (parser.capacity() == 0 || parser.capacity() > kKeptCapacity) {
    parser = simdjson::dom::parser();
    const auto failed = parser.allocate(4096, kMaxDepth); // shows as an error of the parse that follows
    static_cast<void>(failed);
  }
  return parser;
}

size_t skip_space(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

/// `at` is the opening quote; returns the place behind the closing one.
size_t skip_string(std::string_view text, size_t at) {
  size_t quote = at;
  while (true) {
    quote = text.find('"', quote + 1);
    if (quote == std::string_view::npos) return text.size();
    size_t slashes = 0;
    while (text[quote - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote + 1;
  }
}

size_t skip_nested(std::string_view text, size_t at) {
  size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return at;
}

size_t skip_value(std::string_view text, size_t at) {
  if (text[at] == '"') return skip_string(text, at);
  if (text[at] == '{' || text[at] == '[') return skip_nested(text, at);
  return std::min(text.find_first_of(",}] \t\r\n", at), text.size());
}

} // namespace

Result<Json> parse_json(std::string_view text, int slot) {
  thread_local std::array<simdjson::dom::parser, 2> parsers;
  simdjson::dom::parser& parser = fresh_parser(parsers[static_cast<size_t>(slot)]);
  Json element;
  const auto error = parser.parse(text.data(), text.size()).get(element);
  if (error == simdjson::DEPTH_ERROR) {
    return fail(Code::kInvalid, fmt::format("JSON is nested deeper than {} levels", kMaxDepth));
  }
  if (error != simdjson::SUCCESS) {
    return fail(Code::kInvalid, fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }
  return element;
}

std::optional<Json> member(Json parent, std::string_view key) {
  JsonObject object;
  Json value;
  if (parent.get(object) != simdjson::SUCCESS || object.at_key(key).get(value) != simdjson::SUCCESS)
    return std::nullopt;
  if (value.is_null()) return std::nullopt;
  return value;
}

std::string_view text_member(Json parent, std::string_view key) {
  std::string_view text;
  const auto value = member(parent, key);
  if (!value || value->get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::optional<std::int64_t> count_member(Json parent, std::string_view key) {
  const auto value = member(parent, key);
  if (!value) return std::nullopt;
  std::int64_t whole = 0;
  if (value->is_double()) {
    const double real = value->get_double().value_unsafe();
    if (!(real >= 0 && real <= static_cast<double>(kMaxCount)) || std::floor(real) != real) return std::nullopt;
    whole = static_cast<std::int64_t>(real);
  } else if (value->get(whole) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  if (whole < 0 || whole > kMaxCount) return std::nullopt;
  return whole;
}

std::optional<JsonObject> object_member(Json parent, std::string_view key) {
  JsonObject object;
  const auto value = member(parent, key);
  if (!value || value->get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

std::optional<JsonArray> array_member(Json parent, std::string_view key) {
  JsonArray array;
  const auto value = member(parent, key);
  if (!value || value->get(array) != simdjson::SUCCESS) return std::nullopt;
  return array;
}

std::string to_text(Json element) { return simdjson::minify(element); }

std::vector<Member> locate_members(std::string_view text) {
  std::vector<Member> members;
  members.reserve(8);
  size_t at = skip_space(text, 0) + 1;
  while (true) {
    at = skip_space(text, at);
    if (at >= text.size() || text[at] != '"') return members;
    Member found;
    found.whole.begin = at;
    at = skip_space(text, skip_string(text, at)); // the colon
    found.value.begin = skip_space(text, at + 1);
    if (found.value.begin >= text.size()) return members;
    at = skip_value(text, found.value.begin);
    found.value.end = found.whole.end = at;
    members.push_back(found);
    at = skip_space(text, at);
    if (at >= text.size() || text[at] != ',') return members;
    ++at;
  }
}

} // namespace kairos::providers
