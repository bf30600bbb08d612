// SHA-256 of pieces.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include "journal/format.h"

namespace kairos::journal {

class Sha256 {
public:
  /// The digest of the pieces one after the other.
  Hash operator()(std::initializer_list<std::span<const std::uint8_t>> pieces);
};

inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// hash = SHA-256(prev_hash ‖ sequence as 8 bytes big-endian ‖ SHA-256(stored payload bytes)).
Hash chain_hash(Sha256& sha256, const Hash& prev_hash, std::uint64_t sequence, const Hash& payload_digest);

} // namespace kairos::journal
