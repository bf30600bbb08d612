#include "sim/sim_text.h"

#include <boost/json.hpp>

#include <array>

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 32> kWords = {
    "the",   "answer", "is",     "a",     "small", "river",   "that",  "follows", "every", "stone", "and",
    "light", "turns",  "toward", "quiet", "water", "under",   "old",   "bridges", "while", "wind",  "carries",
    "names", "of",     "ships",  "home",  "from",  "distant", "ports", "before",  "dawn",  "again"};
constexpr int kMaxSchemaDepth = 8;

std::string_view schema_type(const json::object& schema) {
  const json::value* type = schema.if_contains("type");
  if (type != nullptr && type->is_array() && !type->as_array().empty()) type = &type->as_array().front();
  if (type != nullptr && type->is_string()) return type->get_string();
  return schema.contains("properties") ? "object" : "string";
}

json::value make_object(const json::object& schema, Random& random, int depth) {
  json::object made;
  const json::value* properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return made;
  for (const auto& property : properties->get_object()) {
    made[property.key()] = make_value(property.value(), random, depth + 1);
  }
  return made;
}

} // namespace

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::vector<std::string> make_words(Random& random, size_t most) {
  std::vector<std::string> words(8 + random.below(std::max<size_t>(most, 8) - 7));
  for (size_t i = 0; i < words.size(); ++i) {
    words[i] = (i == 0 ? "" : " ") + std::string(kWords[random.below(kWords.size())]);
  }
  words.back() += '.';
  return words;
}

std::vector<std::string> split_tokens(std::string_view text) {
  std::vector<std::string> tokens;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(at + 4, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end; // whole UTF-8 characters
    tokens.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

json::value make_value(const json::value& schema, Random& random, int depth) {
  if (!schema.is_object() || depth >= kMaxSchemaDepth) return nullptr;
  const json::object& object = schema.get_object();
  if (const json::value* only = object.if_contains("const")) return *only;
  const json::value* choices = object.if_contains("enum");
  if (choices != nullptr && choices->is_array() && !choices->get_array().empty()) {
    return choices->get_array()[random.below(choices->get_array().size())];
  }
  const std::string_view type = schema_type(object);
  if (type == "object") return make_object(object, random, depth);
  if (type == "integer") return random.below(100);
  if (type == "number") return static_cast<double>(random.below(1000)) / 8;
  if (type == "boolean") return random.below(2) == 1;
  if (type == "null") return nullptr;
  if (type != "array") return json::string(kWords[random.below(kWords.size())]);
  json::array items;
  if (const json::value* item = object.if_contains("items")) items.push_back(make_value(*item, random, depth + 1));
  return items;
}

} // namespace kairos::sim
