// Encryption of what is kept: AES-256-GCM. Each receipt has a random key of its own; a master key only ever wraps
// those. Key material is overwritten in memory when its object goes. docs/content.md says what this protects from. One
// thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::content {

inline constexpr size_t kKeySize = 32;
inline constexpr size_t kNonceSize = 12;
inline constexpr size_t kTagSize = 16;

/// A key in memory.
class Key {
public:
  Key() = default;
  explicit Key(std::string_view bytes); // 32
  ~Key();
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  static Key random();
  const std::array<std::uint8_t, kKeySize>& bytes() const { return bytes_; }
  /// HMAC-SHA256 of `label` and `salt` under this key.
  Key derive(std::string_view label, std::string_view salt) const;
  /// Names the key without telling anything of it; never 0.
  std::uint64_t id() const;

private:
  std::array<std::uint8_t, kKeySize> bytes_{};
};

std::string random_bytes(size_t size);

/// Cipher text and, behind it, the tag. A nonce is used once per key.
std::string seal(const Key& key, std::string_view nonce, std::string_view authenticated, std::string_view plain);
/// kCorrupt: another key, or bytes that are not those that were sealed.
Result<std::string> open_sealed(const Key& key, std::string_view nonce, std::string_view authenticated,
                                std::string_view sealed);

/// The first one seals, all of them open. Empty: nothing can be kept.
class MasterKeys {
public:
  MasterKeys() = default;
  explicit MasterKeys(std::vector<Key> keys);
  bool empty() const { return keys_.empty(); }
  const Key& current() const { return keys_.front(); }
  std::uint64_t current_id() const { return ids_.front(); }
  const std::vector<std::uint64_t>& ids() const { return ids_; }
  /// nullptr: not among them.
  const Key* find(std::uint64_t id) const;

private:
  std::vector<Key> keys_;
  std::vector<std::uint64_t> ids_;
};

/// Overwrites the bytes so that no compiler leaves it out.
void wipe(std::string& secret);

} // namespace kairos::content
