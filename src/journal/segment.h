// Segment files: names, headers, and reading frames out of one. Internal to the journal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/codec.h"
#include "journal/file_system.h"
#include "journal/frame.h"
#include "journal/sha256.h"

namespace kairos::journal {

std::string journal_folder(const std::string& data_dir);
std::string segment_path(const std::string& data_dir, std::uint64_t number);
/// Ascending. A folder that does not exist has none.
Result<std::vector<std::uint64_t>> list_segments(FileSystem& files, const std::string& data_dir);

struct SegmentHeader {
  std::uint64_t number = 0;
  std::int64_t created_us = 0;
  std::string node_id;
  std::uint64_t first_sequence = 1;
  Hash prev_hash{};
};
std::string encode_segment_header(const SegmentHeader& header);
Result<SegmentHeader> decode_segment_header(std::string_view bytes);

/// A frame in a SegmentFile; `payload` are the stored bytes, good until the next call on the file.
struct FrameView {
  Frame frame;
  std::string_view payload;
  std::uint64_t offset = 0;
  std::uint64_t next = 0;
  bool erased() const { return (frame.flags & kFlagErased) != 0; }
};

/// One segment open for reading, through a buffer. One thread.
class SegmentFile {
public:
  /// `chunk`: bytes read ahead.
  static Result<std::unique_ptr<SegmentFile>> open(FileSystem& files, const std::string& data_dir, std::uint64_t number,
                                                   size_t chunk = 1u << 18);
  std::uint64_t number() const { return number_; }
  Result<SegmentHeader> header();
  Result<std::uint64_t> size() { return file_->size(); }
  /// The frame at `offset`, which is below `limit`, where readable bytes end. kCorrupt says what is wrong with it.
  Result<FrameView> frame_at(std::uint64_t offset, std::uint64_t limit);
  /// The first whole frame at or behind `offset`; nullopt: none before `limit`.
  Result<std::optional<FrameView>> find_frame(std::uint64_t offset, std::uint64_t limit);
  /// Forgets what was read ahead.
  void forget() { buffer_.clear(); }

private:
  SegmentFile(std::unique_ptr<File> file, std::uint64_t number, size_t chunk)
      : file_(std::move(file)), number_(number), chunk_(chunk) {}
  Result<std::string_view> bytes_at(std::uint64_t offset, size_t size, std::uint64_t limit);

  std::unique_ptr<File> file_;
  const std::uint64_t number_;
  const size_t chunk_;
  std::string buffer_;
  std::uint64_t buffer_start_ = 0;
};

/// What is left to check of a frame: digest, and that an erased payload is gone. Empty if all is well.
std::string payload_problem(const FrameView& view, Sha256& sha256);

} // namespace kairos::journal
