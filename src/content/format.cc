#include "content/format.h"

#include <zstd.h>

#include <algorithm>

#include "content/bytes.h"
#include "journal/sha256.h"

namespace kairos::content {
namespace {

constexpr std::string_view kBodyMagic = "KAIROSB1";
constexpr std::string_view kKeysMagic = "KAIROSK1";
constexpr std::string_view kRecordMagic = "\x9DKRB";
constexpr int kZstdLevel = 3;
constexpr size_t kFixedAt = 16; // receipt, tenant, offset
constexpr size_t kFixedSize = 32;
constexpr size_t kSumAt = 48; // of state-independent fields
constexpr size_t kMasterAt = 56;
constexpr size_t kWrappedAt = 64;
constexpr size_t kSealedPart = 48; // of a record's header: what its checksum and seal cover besides the cipher text

std::string_view view(const Ulid& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

Ulid ulid_at(std::string_view bytes, size_t at) {
  Ulid id;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), id.bytes.size(),
              reinterpret_cast<char*>(id.bytes.data()));
  return id;
}

/// First 8 bytes of the SHA-256.
std::uint64_t checksum(std::string_view a, std::string_view b = {}) {
  thread_local journal::Sha256 sha256;
  const journal::Hash digest = sha256({journal::as_bytes(a), journal::as_bytes(b)});
  return get({reinterpret_cast<const char*>(digest.data()), digest.size()}, 0, 8);
}

std::string with_checksum(std::string bytes, size_t size) {
  bytes.resize(size - 8, '\0');
  put(bytes, checksum(bytes), 8);
  return bytes;
}

/// The fields of a slot that never change, for its checksum and as what a wrapped key is bound to.
std::string fixed_part(const Slot& slot) {
  std::string out(view(slot.receipt));
  put(out, slot.tenant, 8);
  put(out, slot.offset, 8);
  put(out, slot.length, 4);
  return out;
}

Result<std::string> compress(const std::string& raw) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) return fail(Code::kInternal, ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

} // namespace

std::string body_header(std::uint64_t number) {
  std::string out(kBodyMagic);
  put(out, number, 8);
  return with_checksum(std::move(out), kBodyHeaderSize);
}
bool is_body_header(std::string_view bytes, std::uint64_t number) { return bytes == body_header(number); }

std::string keys_header(std::uint64_t number, std::string_view salt) {
  std::string out(kKeysMagic);
  put(out, number, 8);
  out.append(salt);
  return with_checksum(std::move(out), kSlotSize);
}

std::optional<std::string> read_keys_header(std::string_view bytes, std::uint64_t number) {
  if (bytes.size() != kSlotSize) return std::nullopt;
  std::string salt(bytes.substr(16, kSaltSize));
  return bytes == keys_header(number, salt) ? std::optional(std::move(salt)) : std::nullopt;
}

std::uint64_t tenant_tag(std::string_view tenant) { return checksum("kairosroute tenant\n", tenant); }

std::string encode_slot(const Slot& slot) {
  std::string out;
  put(out, static_cast<std::uint8_t>(slot.state), 1);
  put(out, 0, 3);
  put(out, slot.length, 4);
  put(out, static_cast<std::uint64_t>(slot.changed.time_since_epoch().count()), 8);
  const std::string fixed = fixed_part(slot);
  out.append(fixed.substr(0, kFixedSize));
  put(out, checksum(fixed), 8);
  put(out, slot.master, 8);
  out.append(slot.wrapped);
  out.resize(kSlotSize, '\0');
  return out;
}

Result<Slot> decode_slot(std::string_view bytes) {
  if (bytes.size() != kSlotSize) return fail(Code::kCorrupt, "a slot is not whole");
  Slot slot;
  const std::uint64_t state = get(bytes, 0, 1);
  slot.state = static_cast<SlotState>(state);
  slot.length = static_cast<std::uint32_t>(get(bytes, 4, 4));
  slot.changed = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(get(bytes, 8, 8))));
  slot.receipt = ulid_at(bytes, kFixedAt);
  slot.tenant = get(bytes, kFixedAt + 16, 8);
  slot.offset = get(bytes, kFixedAt + 24, 8);
  slot.master = get(bytes, kMasterAt, 8);
  if (state < 1 || state > 4 || get(bytes, kSumAt, 8) != checksum(fixed_part(slot)))
    return fail(Code::kCorrupt, "a slot is damaged");
  const std::string_view wrapped = bytes.substr(kWrappedAt, kWrappedSize);
  const bool has_key = wrapped.find_first_not_of('\0') != wrapped.npos;
  if (slot.state == SlotState::kLive && has_key) slot.wrapped = wrapped;
  if (slot.state == SlotState::kLive && !has_key) slot.state = SlotState::kErased;
  return slot;
}

std::string wrap_key(const Key& wrapping, const Slot& slot, const Key& key) {
  std::string nonce = random_bytes(kNonceSize);
  std::string plain(reinterpret_cast<const char*>(key.bytes().data()), kKeySize);
  const std::string sealed = seal(wrapping, nonce, fixed_part(slot), plain);
  wipe(plain);
  return nonce + sealed;
}

Result<Key> unwrap_key(const Key& wrapping, const Slot& slot) {
  if (slot.wrapped.size() != kWrappedSize) return fail(Code::kNotFound, "there is no key any more");
  const std::string_view wrapped = slot.wrapped;
  auto plain = open_sealed(wrapping, wrapped.substr(0, kNonceSize), fixed_part(slot), wrapped.substr(kNonceSize));
  if (!plain) return std::unexpected(plain.error());
  Key key(*plain);
  wipe(*plain);
  return key;
}

Key wrapping_key(const Key& master, std::string_view salt) { return master.derive("kairosroute content keys", salt); }

std::string encode_record(const Key& key, const Kept& kept) {
  std::string raw = encode(kept);
  auto packed = compress(raw);
  const bool smaller = packed && packed->size() < raw.size();
  const std::string& stored = smaller ? *packed : raw;
  std::string out(kRecordMagic);
  put(out, smaller ? 1 : 0, 1);
  put(out, 0, 3);
  put(out, stored.size() + kTagSize, 4);
  put(out, raw.size(), 4);
  out.append(view(kept.receipt));
  const std::string nonce = random_bytes(kNonceSize);
  out.append(nonce);
  put(out, 0, 4);
  const std::string sealed = seal(key, nonce, out, stored);
  put(out, checksum(out, sealed), 8);
  out.append(sealed);
  wipe(raw);
  if (packed) wipe(*packed);
  return out;
}

Result<Ulid> check_record(std::string_view bytes) {
  const auto damaged = [] { return fail(Code::kCorrupt, "a kept record is damaged"); };
  if (bytes.size() < kRecordHeaderSize + kTagSize || !bytes.starts_with(kRecordMagic)) return damaged();
  const std::uint64_t sealed = get(bytes, 8, 4);
  const std::uint64_t raw = get(bytes, 12, 4);
  if (sealed != bytes.size() - kRecordHeaderSize || raw > kMaxRaw || get(bytes, 4, 1) > 1) return damaged();
  if (get(bytes, kSealedPart, 8) != checksum(bytes.substr(0, kSealedPart), bytes.substr(kRecordHeaderSize)))
    return damaged();
  return ulid_at(bytes, 16);
}

Result<Kept> decode_record(const Key& key, const Ulid& receipt, std::string_view bytes) {
  const auto whose = check_record(bytes);
  if (!whose) return std::unexpected(whose.error());
  if (*whose != receipt) return fail(Code::kCorrupt, "a kept record is another receipt's");
  auto stored =
      open_sealed(key, bytes.substr(32, kNonceSize), bytes.substr(0, kSealedPart), bytes.substr(kRecordHeaderSize));
  if (!stored) return std::unexpected(stored.error());
  const size_t size = get(bytes, 12, 4);
  std::string raw;
  if (get(bytes, 4, 1) == 1) {
    raw.resize(size);
    const size_t got = ZSTD_decompress(raw.data(), raw.size(), stored->data(), stored->size());
    wipe(*stored);
    if (ZSTD_isError(got) != 0 || got != size) return fail(Code::kCorrupt, "a kept record does not decompress");
  } else {
    raw = std::move(*stored);
  }
  auto kept = decode(raw);
  wipe(raw);
  if (kept) kept->receipt = receipt;
  return kept;
}

} // namespace kairos::content
