#include "catalog/object_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::catalog {
namespace {

constexpr size_t kMostText = 1'000;
constexpr size_t kMostTexts = 100;

} // namespace

ObjectReader::ObjectReader(simdjson::dom::element element, std::string path, std::optional<Error>& problem)
    : path_(std::move(path)), problem_(problem) {
  if (element.get(object_) != simdjson::SUCCESS) complain("", "must be an object");
}

void ObjectReader::complain(std::string_view key, std::string_view what) {
  if (problem_) return;
  const std::string_view dot = path_.empty() || key.empty() ? "" : ".";
  problem_ = Error{Code::kInvalid, fmt::format("{}{}{}: {}", path_, dot, key.substr(0, 60), what)};
}

std::optional<simdjson::dom::element> ObjectReader::take(std::string_view key) {
  if (problem_) return std::nullopt;
  asked_.push_back(key);
  std::optional<simdjson::dom::element> found;
  for (const auto field : object_) {
    if (field.key != key) continue;
    if (found) complain(key, "is there twice");
    found = field.value;
  }
  return found;
}

std::string ObjectReader::text(std::string_view key, bool required) {
  const auto value = take(key);
  std::string_view text;
  if (value && value->get(text) != simdjson::SUCCESS) complain(key, "must be a text");
  if (text.size() > kMostText) complain(key, "is longer than 1000 bytes");
  if (required && text.empty()) complain(key, "must not be empty");
  return std::string(text);
}

std::optional<std::int64_t> ObjectReader::count(std::string_view key) {
  const auto value = take(key);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  if (value->get(number) != simdjson::SUCCESS || number <= 0) {
    complain(key, "must be a whole number above 0");
    return std::nullopt;
  }
  return number;
}

std::optional<double> ObjectReader::real(std::string_view key) {
  const auto value = take(key);
  if (!value) return std::nullopt;
  double number = 0;
  if (value->get(number) != simdjson::SUCCESS) complain(key, "must be a number");
  return number;
}

bool ObjectReader::flag(std::string_view key) {
  const auto value = take(key);
  bool yes = false;
  if (value && value->get(yes) != simdjson::SUCCESS) complain(key, "must be true or false");
  return yes;
}

std::optional<WallTime> ObjectReader::time(std::string_view key) {
  const std::string written = text(key);
  if (written.empty()) return std::nullopt;
  const auto time = parse_rfc3339(written);
  if (time) return *time;
  complain(key, time.error().message);
  return std::nullopt;
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  std::vector<std::string> out;
  const auto value = take(key);
  if (!value) return out;
  simdjson::dom::array array;
  if (value->get(array) != simdjson::SUCCESS || array.size() > kMostTexts) {
    complain(key, "must be a list of at most 100 texts");
    return out;
  }
  for (const auto element : array) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS || text.empty() || text.size() > kMostText) {
      complain(key, "must be a list of texts");
    }
    out.emplace_back(text);
  }
  return out;
}

std::vector<ObjectReader> ObjectReader::objects(std::string_view key, size_t most) {
  std::vector<ObjectReader> out;
  const auto value = take(key);
  if (!value) return out;
  simdjson::dom::array array;
  if (value->get(array) != simdjson::SUCCESS || array.size() > most) {
    complain(key, fmt::format("must be a list of at most {} objects", most));
    return out;
  }
  const std::string prefix = path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  out.reserve(array.size());
  for (const auto element : array) out.emplace_back(element, fmt::format("{}[{}]", prefix, out.size()), problem_);
  return out;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view key) {
  const auto value = take(key);
  if (!value) return std::nullopt;
  return ObjectReader(*value, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key), problem_);
}

std::vector<std::string> ObjectReader::keys() {
  std::vector<std::string> out;
  if (problem_) return out;
  if (object_.size() > kMostTexts) complain("", "has more than 100 keys");
  for (const auto field : object_) {
    asked_.push_back(field.key);
    out.emplace_back(field.key);
  }
  return out;
}

void ObjectReader::finish() {
  if (problem_) return;
  for (const auto field : object_) {
    if (std::find(asked_.begin(), asked_.end(), field.key) == asked_.end()) complain(field.key, "unknown key");
  }
}

} // namespace kairos::catalog
