// Little-endian integers in byte strings. Internal to content.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kairos::content {

inline void put(std::string& out, std::uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

/// The caller has checked that the bytes are there.
inline std::uint64_t get(std::string_view bytes, size_t at, size_t size) {
  std::uint64_t value = 0;
  for (size_t i = 0; i < size; ++i)
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[at + i])) << (8 * i);
  return value;
}

} // namespace kairos::content
