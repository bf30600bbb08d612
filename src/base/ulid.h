// ULIDs (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits, 26 characters of Crockford base 32.
// Ids made by one generator are strictly increasing, also within a millisecond and when the clock steps back.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace kairos {

struct Ulid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Ulid&) const = default;

  std::string text() const;
  WallTime time() const; // millisecond precision
  static std::optional<Ulid> parse(std::string_view text);
};

/// One per thread; not thread-safe. The random part is seeded from the operating system unless a seed is given (tests).
class UlidGenerator {
public:
  UlidGenerator();
  explicit UlidGenerator(std::uint64_t seed);
  Ulid next(WallTime now);

private:
  std::uint64_t random();

  std::uint64_t state_;
  std::uint64_t node_; // constant per generator, so that two generators never meet
  std::int64_t last_ms_ = 0;
  std::uint64_t last_low_ = 0;
  std::uint16_t last_high_ = 0;
};

inline constexpr std::string_view kReceiptPrefix = "rcpt_";
/// "rcpt_" + ULID.
std::string receipt_id(const Ulid& ulid);
/// nullopt unless it is a well-formed receipt id.
std::optional<Ulid> parse_receipt_id(std::string_view id);

} // namespace kairos
