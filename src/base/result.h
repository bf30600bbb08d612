// Result<T>: a value or an Error. No exception crosses a folder; what cannot happen dies (assert), what can is a
// Result.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace kairos {

/// What kind of failure it is; the message says what was attempted, on what, and why it failed.
/// One switch in `gateway` maps codes to HTTP statuses.
enum class Code : std::uint8_t {
  kInvalid,      // the input is wrong; the message names the field or the line
  kUnauthorized, // no key, or not a valid one
  kForbidden,    // a valid key that may not do this
  kNotFound,
  kConflict,    // clashes with what is there (a taken id, a changed version, a locked folder)
  kTooLarge,    // over a stated limit
  kRateLimited, // over a rate; try later
  kBudget,      // a cap would be passed
  kTimeout,
  kUpstream,  // a provider or receiver failed
  kCancelled, // the other side left
  kCorrupt,   // stored bytes are not what was written
  kIo,        // the operating system refused
  kInternal,  // our own fault
};

struct Error {
  Code code;
  std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

/// The same failure with what was being attempted put in front: "reading catalog.json: no such file".
inline std::unexpected<Error> fail_in(const std::string& context, const Error& cause) {
  return std::unexpected(Error{cause.code, context + ": " + cause.message});
}

} // namespace kairos
