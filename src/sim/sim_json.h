// Reading loose JSON. Internal to sim.
#pragma once

#include <boost/json.hpp>

#include <string_view>

namespace kairos::sim {

/// nullptr: `parent` is none, is no object, or has no such member.
inline const boost::json::value* member(const boost::json::value* parent, std::string_view name) {
  if (parent == nullptr || !parent->is_object()) return nullptr;
  return parent->get_object().if_contains(name);
}

inline std::string_view text_of(const boost::json::value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

inline bool is_true(const boost::json::value* value) {
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// The items of an array; none if it is none.
inline const boost::json::array& items_of(const boost::json::value* value) {
  static const boost::json::array kNone;
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

} // namespace kairos::sim
