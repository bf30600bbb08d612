// HeaderTexts: the names and values of headers that are made one by one, side by side in one piece of memory. One
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/server.h"

namespace kairos::gateway {

class HeaderTexts {
public:
  void add(std::string_view name, std::string_view value) {
    if (fields_.empty()) {
      text_.reserve(512); // what a usual answer needs
      fields_.reserve(12);
    }
    fields_.push_back({text_.size(), name.size(), value.size()});
    text_.append(name).append(value);
  }
  void clear() {
    text_.clear();
    fields_.clear();
  }
  /// In the order in which they were added; valid until the next change.
  std::vector<net::Header> list() const {
    std::vector<net::Header> headers;
    headers.reserve(fields_.size());
    const std::string_view all = text_;
    for (const Field& field : fields_)
      headers.push_back({all.substr(field.begin, field.name), all.substr(field.begin + field.name, field.value)});
    return headers;
  }

private:
  struct Field {
    size_t begin = 0; // of the name, which the value follows
    size_t name = 0;
    size_t value = 0;
  };
  std::string text_;
  std::vector<Field> fields_;
};

} // namespace kairos::gateway
