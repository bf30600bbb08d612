// Frame headers: bytes ↔ values. docs/journal_format.md, section "Frame".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "journal/format.h"
#include "journal/record.h"

namespace kairos::journal {

struct Frame {
  Kind kind = Kind::kOpen;
  std::uint8_t flags = 0;
  std::uint16_t batch_left = 0;
  std::uint32_t stored_size = 0;
  std::uint32_t raw_size = 0;
  Ulid receipt; // in a CHECKPOINT: scan_from, see position_in()
  std::int64_t time_us = 0;
  std::uint64_t payload_sum = 0;
  std::uint32_t unsynced = 0;
  std::uint64_t sequence = 0; // this and what follows only if has_chain_part(kind)
  Hash prev_hash{};
  Hash payload_digest{};
};

inline bool has_chain_part(Kind kind) { return is_chained(kind) || kind == Kind::kCheckpoint; }
inline size_t header_size(Kind kind) { return has_chain_part(kind) ? kChainedHeaderSize : kFrameHeaderSize; }

/// Writes header_size(frame.kind) bytes.
void encode_header(const Frame& frame, char* out);
/// `bytes` starts at the frame and has kChainedHeaderSize bytes unless the file ends before. kCorrupt says what is
/// wrong.
Result<Frame> decode_header(std::string_view bytes);

/// XXH3-64.
std::uint64_t checksum(std::string_view bytes);

void put16(char* out, std::uint16_t value);
void put32(char* out, std::uint32_t value);
void put64(char* out, std::uint64_t value);
std::uint16_t get16(const char* in);
std::uint32_t get32(const char* in);
std::uint64_t get64(const char* in);

/// A position in the place of a receipt id.
Ulid position_as_ulid(const Position& position);
Position position_in(const Ulid& ulid);

} // namespace kairos::journal
