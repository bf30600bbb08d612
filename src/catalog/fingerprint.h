// A short name for a content, to tell versions apart (FNV-1a, 64 bits). It proves nothing against an adversary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kairos::catalog {

/// 16 hex digits.
inline std::string fingerprint(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; hash >>= 4) text[i] = "0123456789abcdef"[hash & 15u];
  return text;
}

} // namespace kairos::catalog
