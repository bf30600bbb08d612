// A refusal of what a client sent: an Error plus the field it is about, in the form that OpenAI calls `param`
// ("messages[2].content"). Empty param: the document as a whole.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/result.h"

namespace kairos::providers {

struct WireError {
  Error error;
  std::string param;
};

template <class T>
using WireResult = std::expected<T, WireError>;

/// "messages[2].content: must be a string or an array of parts".
inline std::unexpected<WireError> refuse(std::string param, const std::string& what) {
  std::string message = param.empty() ? what : param + ": " + what;
  return std::unexpected(WireError{{Code::kInvalid, std::move(message)}, std::move(param)});
}

} // namespace kairos::providers
