// The bytes of the journal's files, for reader and writer alike. docs/journal_format.md is this page in prose;
// whoever changes one changes the other, and a change of meaning needs a new kFormatVersion.
// Integers are little-endian unless a line says otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kairos::journal {

using Hash = std::array<std::uint8_t, 32>; // SHA-256

inline constexpr std::uint32_t kFormatVersion = 1;

// --- segment header: 128 bytes at the start of each segment file
inline constexpr std::string_view kSegmentMagic = "KAIROSJ1";
inline constexpr size_t kSegmentHeaderSize = 128;
inline constexpr size_t kSegVersion = 8;        // u32
inline constexpr size_t kSegHeaderSizeAt = 12;  // u32: 128
inline constexpr size_t kSegNumber = 16;        // u64: the number in the file's name
inline constexpr size_t kSegCreated = 24;       // i64: µs since 1970, UTC
inline constexpr size_t kSegNodeId = 32;        // 32 bytes, padded with zeros
inline constexpr size_t kSegFirstSequence = 64; // u64: what the first CLOSE or CORRECTION in it gets
inline constexpr size_t kSegPrevHash = 72;      // 32 bytes: chain head before that record
inline constexpr size_t kSegReserved = 104;     // 16 zeros
inline constexpr size_t kSegChecksum = 120;     // u64: XXH3-64 of bytes 0..119
inline constexpr size_t kNodeIdSize = 32;

// --- frame: fixed part (52), for CLOSE, CORRECTION and CHECKPOINT the chain part (72), checksum (8), payload
inline constexpr std::uint32_t kFrameMagic = 0x6352'6B9Du; // bytes 9D 6B 52 63: not UTF-8, so never inside JSON
inline constexpr size_t kFrameKind = 4;                    // u8
inline constexpr size_t kFrameFlags = 5;                   // u8
inline constexpr size_t kFrameBatchLeft = 6;               // u16: records of the same batch that follow
inline constexpr size_t kFrameStoredSize = 8;              // u32: payload bytes in the file
inline constexpr size_t kFrameRawSize = 12;                // u32: payload bytes after decompression
inline constexpr size_t kFrameReceipt = 16;                // 16 bytes; in a CHECKPOINT: segment u64, offset u64
inline constexpr size_t kFrameTime = 32;                   // i64: µs since 1970, UTC
inline constexpr size_t kFramePayloadSum = 40;             // u64: XXH3-64 of the stored payload bytes
inline constexpr size_t kFrameUnsynced = 48;               // u32: bytes before this frame not yet known to be on disk
inline constexpr size_t kFrameFixedSize = 52;
inline constexpr size_t kChainSequence = 52; // u64
inline constexpr size_t kChainPrevHash = 60; // 32 bytes
inline constexpr size_t kChainPayload = 92;  // 32 bytes: SHA-256 of the stored payload bytes
inline constexpr size_t kChainSize = 72;
inline constexpr size_t kFrameChecksumSize = 8; // XXH3-64 of all header bytes before it, the erased bit taken as 0
inline constexpr size_t kFrameHeaderSize = kFrameFixedSize + kFrameChecksumSize; // 60
inline constexpr size_t kChainedHeaderSize = kFrameHeaderSize + kChainSize;      // 132

inline constexpr std::uint8_t kFlagCompressed = 1; // payload is one zstd frame made with the dictionary of this version
inline constexpr std::uint8_t kFlagErased = 2;     // payload bytes are zeros; set in place, not in the checksum
inline constexpr std::uint8_t kKnownFlags = kFlagCompressed | kFlagErased;

inline constexpr size_t kMaxPayload = 16u << 20; // raw; the stored form is never larger
inline constexpr size_t kMaxBatchRecords = 1024;
inline constexpr size_t kMaxBatchBytes = 32u << 20; // raw payloads of one batch

// --- small files
inline constexpr std::string_view kCursorMagic = "KAIROSC1"; // then segment u64, offset u64, XXH3-64 of those 24 bytes
inline constexpr size_t kCursorFileSize = 32;
inline constexpr std::string_view kJournalFolder = "journal";
inline constexpr std::string_view kSegmentSuffix = ".seg";
inline constexpr size_t kSegmentDigits = 16;
inline constexpr std::string_view kNodeFile = "node";                  // node id, newline
inline constexpr std::string_view kCheckpointMark = "checkpoint.mark"; // cursor file: the last CHECKPOINT
inline constexpr std::string_view kEndMark = "end.mark";               // cursor file: all before it is on disk

} // namespace kairos::journal
