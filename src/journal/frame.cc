#include "journal/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>

namespace kairos::journal {

static_assert(std::endian::native == std::endian::little,
              "the journal's integers are little-endian as they are in memory");

namespace {

template <class T>
void put(char* out, T value) {
  std::memcpy(out, &value, sizeof value);
}
template <class T>
T get(const char* in) {
  T value;
  std::memcpy(&value, in, sizeof value);
  return value;
}

// The erased bit is set in place long after the checksum was made.
std::uint64_t header_checksum(const char* header, size_t size) {
  char copy[kChainedHeaderSize];
  std::memcpy(copy, header, size);
  copy[kFrameFlags] = static_cast<char>(copy[kFrameFlags] & ~kFlagErased);
  return XXH3_64bits(copy, size);
}

Result<Kind> known_kind(std::uint8_t number) {
  if (number < 1 || number > kKindNames.size()) return fail(Code::kCorrupt, "the record's kind is unknown");
  return static_cast<Kind>(number);
}

} // namespace

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

void put16(char* out, std::uint16_t value) { put(out, value); }
void put32(char* out, std::uint32_t value) { put(out, value); }
void put64(char* out, std::uint64_t value) { put(out, value); }
std::uint16_t get16(const char* in) { return get<std::uint16_t>(in); }
std::uint32_t get32(const char* in) { return get<std::uint32_t>(in); }
std::uint64_t get64(const char* in) { return get<std::uint64_t>(in); }

Ulid position_as_ulid(const Position& position) {
  Ulid ulid;
  std::memcpy(ulid.bytes.data(), &position.segment, 8);
  std::memcpy(ulid.bytes.data() + 8, &position.offset, 8);
  return ulid;
}

Position position_in(const Ulid& ulid) {
  Position position;
  std::memcpy(&position.segment, ulid.bytes.data(), 8);
  std::memcpy(&position.offset, ulid.bytes.data() + 8, 8);
  return position;
}

void encode_header(const Frame& frame, char* out) {
  put32(out, kFrameMagic);
  out[kFrameKind] = static_cast<char>(frame.kind);
  out[kFrameFlags] = static_cast<char>(frame.flags);
  put16(out + kFrameBatchLeft, frame.batch_left);
  put32(out + kFrameStoredSize, frame.stored_size);
  put32(out + kFrameRawSize, frame.raw_size);
  std::memcpy(out + kFrameReceipt, frame.receipt.bytes.data(), 16);
  put64(out + kFrameTime, static_cast<std::uint64_t>(frame.time_us));
  put64(out + kFramePayloadSum, frame.payload_sum);
  put32(out + kFrameUnsynced, frame.unsynced);
  if (has_chain_part(frame.kind)) {
    put64(out + kChainSequence, frame.sequence);
    std::memcpy(out + kChainPrevHash, frame.prev_hash.data(), 32);
    std::memcpy(out + kChainPayload, frame.payload_digest.data(), 32);
  }
  const size_t size = header_size(frame.kind) - kFrameChecksumSize;
  put64(out + size, header_checksum(out, size));
}

Result<Frame> decode_header(std::string_view bytes) {
  const char* in = bytes.data();
  if (bytes.size() < kFrameHeaderSize) return fail(Code::kCorrupt, "the file ends within a record's header");
  if (get32(in) != kFrameMagic) return fail(Code::kCorrupt, "no record starts here");
  const auto kind = known_kind(static_cast<std::uint8_t>(in[kFrameKind]));
  if (!kind) return std::unexpected(kind.error());
  const size_t size = header_size(*kind);
  if (bytes.size() < size) return fail(Code::kCorrupt, "the file ends within a record's header");
  if (get64(in + size - kFrameChecksumSize) != header_checksum(in, size - kFrameChecksumSize)) {
    return fail(Code::kCorrupt, "the record's header does not match its checksum");
  }
  Frame frame{.kind = *kind,
              .flags = static_cast<std::uint8_t>(in[kFrameFlags]),
              .batch_left = get16(in + kFrameBatchLeft),
              .stored_size = get32(in + kFrameStoredSize),
              .raw_size = get32(in + kFrameRawSize),
              .receipt = {},
              .time_us = static_cast<std::int64_t>(get64(in + kFrameTime)),
              .payload_sum = get64(in + kFramePayloadSum),
              .unsynced = get32(in + kFrameUnsynced),
              .prev_hash = {},
              .payload_digest = {}};
  std::memcpy(frame.receipt.bytes.data(), in + kFrameReceipt, 16);
  if (has_chain_part(*kind)) {
    frame.sequence = get64(in + kChainSequence);
    std::memcpy(frame.prev_hash.data(), in + kChainPrevHash, 32);
    std::memcpy(frame.payload_digest.data(), in + kChainPayload, 32);
  }
  const bool sizes_fit = frame.raw_size <= kMaxPayload && frame.stored_size <= frame.raw_size &&
                         ((frame.flags & kFlagCompressed) != 0 || frame.stored_size == frame.raw_size);
  if (!sizes_fit || (frame.flags & ~kKnownFlags) != 0)
    return fail(Code::kCorrupt, "the record's header makes no sense");
  return frame;
}

} // namespace kairos::journal
