// The bytes of the content files: sealed records, and the slots with the keys that open them. docs/content.md is this
// page in prose. Pure. Integers are little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/ulid.h"
#include "content/kept.h"
#include "content/seal.h"

namespace kairos::content {

// --- NNNN.body: a header, then sealed records one after the other. Never changed once written.
inline constexpr size_t kBodyHeaderSize = 64;
inline constexpr size_t kRecordHeaderSize = 56;
// --- NNNN.keys: a header, then slots, each in one sector of the disk.
inline constexpr size_t kSlotSize = 128;
inline constexpr size_t kSaltSize = 16;

std::string body_header(std::uint64_t number);
bool is_body_header(std::string_view bytes, std::uint64_t number);
std::string keys_header(std::uint64_t number, std::string_view salt);
/// The salt; nullopt: not such a header.
std::optional<std::string> read_keys_header(std::string_view bytes, std::uint64_t number);

/// What became of a receipt's content. The numbers are stored.
enum class SlotState : std::uint8_t {
  kLive = 1,
  kErased = 2,  // somebody asked for it
  kExpired = 3, // the tenant's days were over
  kLost = 4,    // it could not be written
};

struct Slot {
  SlotState state = SlotState::kLive;
  WallTime changed{}; // when it got that state
  Ulid receipt;
  std::uint64_t tenant = 0; // tenant_tag()
  std::uint64_t offset = 0; // of the record in the body file
  std::uint32_t length = 0; // of the whole record; 0: there is none
  std::uint64_t master = 0; // id of the key that wraps; 0: none
  std::string wrapped;      // nonce, receipt's key, tag; empty unless live
};
inline constexpr size_t kWrappedSize = kNonceSize + kKeySize + kTagSize;

/// Names a tenant in slots.
std::uint64_t tenant_tag(std::string_view tenant);

/// kSlotSize bytes; without a wrapped key its place is zeros.
std::string encode_slot(const Slot& slot);
/// kCorrupt: not a slot. What is live but has no key any more was being erased: it reads as erased.
Result<Slot> decode_slot(std::string_view bytes);

/// A key wrapped for `slot` (whose receipt, tenant and place are set) under a key of the file's own.
std::string wrap_key(const Key& wrapping, const Slot& slot, const Key& key);
Result<Key> unwrap_key(const Key& wrapping, const Slot& slot);
/// What wraps in a file with this salt.
Key wrapping_key(const Key& master, std::string_view salt);

/// The whole record: header, compressed and sealed content, tag.
std::string encode_record(const Key& key, const Kept& kept);
/// `bytes` is exactly one record. kCorrupt: damaged, another receipt's, or another key's.
Result<Kept> decode_record(const Key& key, const Ulid& receipt, std::string_view bytes);
/// The same without opening it: its checksum, and whose it is.
Result<Ulid> check_record(std::string_view bytes);

} // namespace kairos::content
