// Secret: a provider's key in memory. It has no way to be printed, compared or hashed by accident; reveal() says where
// it is used.
#pragma once

#include <string>
#include <utility>

namespace kairos::config {

class Secret {
public:
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& reveal() const { return value_; }

private:
  std::string value_;
};

} // namespace kairos::config
