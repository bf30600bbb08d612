#include "journal/codec.h"

#include <zstd.h>

#include <algorithm>
#include <cstdlib>

#include "journal/format.h"

namespace kairos::journal {
namespace {

// Not part of the format: whatever the settings, it is read alike. The table of 16 KiB stays in the first cache, where
// those of level 3 (192 KiB) push out what the next request needs; a receipt is 1.5 % longer for it
// (docs/benchmarks.md).
constexpr int kHashLog = 12;
constexpr int kLongMatch = 6, kLongerMatch = 7;
constexpr size_t kWorthTrying = 64;
// RFC 8878, section 3.1.1: magic number, no content size, no dictionary id, no checksum; a window of 128 KiB.
constexpr std::string_view kStoredFrameHeader("\x28\xB5\x2F\xFD\x00\x38", 6);
constexpr size_t kBlockHeader = 3;
constexpr size_t kMostOfBlock = 128u << 10;

const ZSTD_DDict* decompression_dictionary() {
  static const ZSTD_DDict* const made = ZSTD_createDDict(dictionary().data(), dictionary().size());
  return made;
}

/// A zstd frame of one block that holds the bytes as they are. False, and nothing is appended, beyond `room` or a
/// block.
bool append_stored(std::string& out, std::string_view raw, size_t room) {
  if (raw.size() > kMostOfBlock || kStoredFrameHeader.size() + kBlockHeader + raw.size() > room) return false;
  const auto header = static_cast<std::uint32_t>(raw.size()) << 3 | 1u; // the last block, of type raw
  out += kStoredFrameHeader;
  for (size_t i = 0; i < kBlockHeader; ++i) out.push_back(static_cast<char>(header >> (8 * i) & 0xff));
  out += raw;
  return true;
}

} // namespace

Compressor::Compressor() : context_(ZSTD_createCCtx()), quick_(ZSTD_createCCtx()) {
  if (context_ == nullptr || quick_ == nullptr) std::abort(); // no memory at start
  // What follows a head is a kilobyte, written two or three times per receipt and read by each follower. Half of the
  // time goes into codes for its literals: without them (a target length does that) a receipt is 4 % longer.
  ZSTD_CCtx_setParameter(quick_, ZSTD_c_targetLength, 1);
  ZSTD_CCtx_setParameter(quick_, ZSTD_c_minMatch, kLongerMatch);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_minMatch, kLongMatch);
  for (ZSTD_CCtx_s* context : {context_, quick_}) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, ZSTD_fast);
    ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, kHashLog);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0); // the frame header has it already
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
    const size_t loaded = ZSTD_CCtx_loadDictionary(context, dictionary().data(), dictionary().size());
    if (ZSTD_isError(loaded) != 0U) std::abort();
  }
}

Compressor::~Compressor() {
  ZSTD_freeCCtx(context_);
  ZSTD_freeCCtx(quick_);
}

bool Compressor::append_smaller(std::string& out, std::string_view raw) {
  return raw.size() >= kWorthTrying && append(context_, out, raw, raw.size() - 1); // anything longer is of no use
}

void Compressor::compress(SharedHead& head) {
  if (head.compressed.empty()) append_smaller(head.compressed, head.text);
}

bool Compressor::append_smaller(std::string& out, SharedHead& head, std::string_view rest, Packing packing) {
  compress(head);
  if (head.compressed.empty()) return false;
  const size_t before = out.size();
  const size_t most = head.text.size() + rest.size() - 1;
  out += head.compressed;
  if (packing == Packing::kAtOnce && append_stored(out, rest, most - head.compressed.size())) return true;
  if (packing == Packing::kSmall && append(quick_, out, rest, most - head.compressed.size())) return true;
  out.resize(before);
  return false;
}

bool Compressor::append(ZSTD_CCtx_s* context, std::string& out, std::string_view raw, size_t room) {
  const size_t before = out.size();
  out.resize(before + room);
  const size_t size = ZSTD_compress2(context, out.data() + before, room, raw.data(), raw.size());
  const bool smaller = ZSTD_isError(size) == 0U;
  out.resize(before + (smaller ? size : 0));
  return smaller;
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {
  if (context_ == nullptr || decompression_dictionary() == nullptr) std::abort();
}

Decompressor::~Decompressor() { ZSTD_freeDCtx(context_); }

Result<> Decompressor::decompress(std::string_view stored, size_t raw_size, std::string& out) {
  if (raw_size > kMaxPayload) return fail(Code::kCorrupt, "the payload claims to be longer than any record may be");
  out.resize(raw_size);
  const size_t size = ZSTD_decompress_usingDDict(context_, out.data(), raw_size, stored.data(), stored.size(),
                                                 decompression_dictionary());
  if (ZSTD_isError(size) != 0U || size != raw_size) return fail(Code::kCorrupt, "the payload does not decompress");
  return {};
}

} // namespace kairos::journal
