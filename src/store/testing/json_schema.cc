#include "store/testing/json_schema.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <regex>

namespace kairos::store {
namespace {

namespace json = boost::json;

class Validator {
public:
  explicit Validator(const json::object& root) : root_(root) {}

  void check(const json::value& value, const json::object& schema, const std::string& path) {
    for (const auto& [keyword, rule] : schema) apply(keyword, rule, value, schema, path);
  }

  std::vector<std::string> errors;

private:
  void complain(const std::string& path, std::string why) {
    errors.push_back(fmt::format("{}: {}", path.empty() ? "/" : path, std::move(why)));
  }

  void apply(std::string_view keyword, const json::value& rule, const json::value& value, const json::object& schema,
             const std::string& path) {
    if (keyword == "$ref") return check(value, definition(rule), path);
    if (keyword == "type") return check_type(value, rule, path);
    if (keyword == "enum") return check_enum(value, rule.as_array(), path);
    if (keyword == "const" && value != rule) return complain(path, "is not " + json::serialize(rule));
    if (keyword == "minimum" && value.is_number() && value.to_number<double>() < rule.to_number<double>())
      return complain(path, "is too small");
    if (keyword == "maximum" && value.is_number() && value.to_number<double>() > rule.to_number<double>())
      return complain(path, "is too large");
    if (keyword == "maxLength" && value.is_string() && value.as_string().size() > rule.to_number<size_t>())
      return complain(path, "is too long");
    if (keyword == "pattern" && value.is_string()) return check_pattern(value.as_string(), rule.as_string(), path);
    if (value.is_array()) return apply_to_array(keyword, rule, value.as_array(), path);
    if (value.is_object()) return apply_to_object(keyword, rule, value.as_object(), schema, path);
    if (!known(keyword))
      complain(path, fmt::format("the schema's keyword '{}' is not known to this validator", keyword));
  }

  void apply_to_array(std::string_view keyword, const json::value& rule, const json::array& array,
                      const std::string& path) {
    if (keyword == "maxItems" && array.size() > rule.to_number<size_t>()) complain(path, "has too many items");
    if (keyword != "items") return;
    for (size_t i = 0; i < array.size(); ++i) check(array[i], rule.as_object(), fmt::format("{}/{}", path, i));
  }

  void apply_to_object(std::string_view keyword, const json::value& rule, const json::object& object,
                       const json::object& schema, const std::string& path) {
    if (keyword == "maxProperties" && object.size() > rule.to_number<size_t>()) complain(path, "has too many fields");
    if (keyword == "required") require(object, rule.as_array(), path);
    if (keyword == "dependentRequired") {
      for (const auto& [field, needed] : rule.as_object()) {
        if (object.contains(field)) require(object, needed.as_array(), path);
      }
    }
    if (keyword == "properties") {
      for (const auto& [field, inner] : rule.as_object()) {
        if (const json::value* value = object.if_contains(field))
          check(*value, inner.as_object(), path + "/" + std::string(field));
      }
    }
    if (keyword == "additionalProperties") check_others(object, rule, schema, path);
    if (!known(keyword))
      complain(path, fmt::format("the schema's keyword '{}' is not known to this validator", keyword));
  }

  void require(const json::object& object, const json::array& fields, const std::string& path) {
    for (const json::value& field : fields) {
      if (!object.contains(field.as_string()))
        complain(path, fmt::format("'{}' is missing", std::string_view(field.as_string())));
    }
  }

  void check_others(const json::object& object, const json::value& rule, const json::object& schema,
                    const std::string& path) {
    const json::value* properties = schema.if_contains("properties");
    for (const auto& [field, value] : object) {
      if (properties != nullptr && properties->as_object().contains(field)) continue;
      const std::string inner = path + "/" + std::string(field);
      if (rule.is_bool() && !rule.as_bool()) complain(inner, "is not a field of the schema");
      if (rule.is_object()) check(value, rule.as_object(), inner);
    }
  }

  static bool has_type(const json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    return type == "number" && value.is_number();
  }

  void check_type(const json::value& value, const json::value& rule, const std::string& path) {
    bool fits = rule.is_string() && has_type(value, rule.as_string());
    if (rule.is_array()) {
      for (const json::value& type : rule.as_array()) fits = fits || has_type(value, type.as_string());
    }
    if (!fits) complain(path, "is not of type " + json::serialize(rule));
  }

  void check_enum(const json::value& value, const json::array& allowed, const std::string& path) {
    for (const json::value& one : allowed) {
      if (one == value) return;
    }
    complain(path, json::serialize(value) + " is not one of " + json::serialize(allowed));
  }

  void check_pattern(std::string_view text, std::string_view pattern, const std::string& path) {
    if (std::regex_search(text.begin(), text.end(), std::regex(pattern.begin(), pattern.end()))) return;
    complain(path, fmt::format("'{}' does not look like {}", text, pattern));
  }

  const json::object& definition(const json::value& reference) const {
    constexpr std::string_view kPrefix = "#/$defs/";
    const std::string_view name = std::string_view(reference.as_string()).substr(kPrefix.size());
    return root_.at("$defs").as_object().at(name).as_object();
  }

  static bool known(std::string_view keyword) {
    for (const std::string_view word :
         {"$schema", "$defs", "title", "description", "properties", "required", "additionalProperties", "items",
          "maxItems", "maxProperties", "maxLength", "minimum", "maximum", "pattern", "const", "dependentRequired"}) {
      if (keyword == word) return true;
    }
    return false;
  }

  const json::object& root_;
};

} // namespace

std::vector<std::string> schema_errors(std::string_view schema, std::string_view document) {
  try {
    const json::value rules = json::parse(json::string_view(schema.data(), schema.size()));
    const json::value value = json::parse(json::string_view(document.data(), document.size()));
    Validator validator(rules.as_object());
    validator.check(value, rules.as_object(), "");
    return validator.errors;
  } catch (const std::exception& error) { // from Boost.JSON and std::regex
    return {std::string("the schema or the document is broken: ") + error.what()};
  }
}

} // namespace kairos::store
