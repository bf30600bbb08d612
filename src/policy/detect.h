// The privacy detector: where in a text personal data and secrets stand, and of which kind. Pure; any bytes.
//
// The time is linear whatever the text is: every position is looked at by a bounded number of recognisers, each of
// which reads a bounded number of bytes or passes over what it has read. `steps` counts the bytes looked at, so that
// tests prove it. What is recognised, with the sources of the formats and check digits: docs/privacy.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/policies.h"

namespace kairos::policy {

/// Bytes [begin, end) of the text.
struct Found {
  size_t begin = 0;
  size_t end = 0;
  config::PrivateKind kind = config::PrivateKind::kEmail;
  bool operator==(const Found&) const = default;
};

/// Ascending and disjoint; only kinds of `kinds`. `steps`, where given, is increased by the bytes looked at.
std::vector<Found> detect(std::string_view text, config::PrivateKinds kinds, std::uint64_t* steps = nullptr);

/// No text takes more steps than this per byte (and a few at its ends).
inline constexpr std::uint64_t kMostStepsPerByte = 64;

} // namespace kairos::policy
