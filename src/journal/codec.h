// Payload compression: one zstd frame per record, or two where the records of a receipt share their beginning; against
// the dictionary of this format version (dictionary.cc).
// One thread per object.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "journal/record.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace kairos::journal {

/// Raw content of a zstd prefix dictionary: a typical receipt. Part of the format: never changed within a version.
std::string_view dictionary();

class Compressor {
public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  /// Appends the compressed form and returns true if that is smaller; otherwise appends nothing.
  bool append_smaller(std::string& out, std::string_view raw);
  /// The same of head.text followed by `rest`; the head is compressed once and kept.
  bool append_smaller(std::string& out, SharedHead& head, std::string_view rest, Packing packing = Packing::kSmall);
  /// Makes head.compressed, if that is smaller than its text.
  void compress(SharedHead& head);

private:
  static bool append(ZSTD_CCtx_s* context, std::string& out, std::string_view raw, size_t room);

  ZSTD_CCtx_s* context_;
  ZSTD_CCtx_s* quick_; // for what follows a shared head
};

class Decompressor {
public:
  Decompressor();
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  /// Replaces `out`. kCorrupt unless it comes to exactly raw_size bytes (at most kMaxPayload).
  Result<> decompress(std::string_view stored, size_t raw_size, std::string& out);

private:
  ZSTD_DCtx_s* context_;
};

} // namespace kairos::journal
