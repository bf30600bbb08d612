#include "journal/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kairos::journal {
namespace {

constexpr size_t kMaxNumber = 9'999'999'999'999'999;

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (name.size() != kSegmentDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(0, kSegmentDigits);
  const char* const last = digits.end();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), last, number);
  if (error != std::errc() || end != last || number == 0) return std::nullopt;
  return number;
}

constexpr std::string_view kMagicBytes = "\x9D\x6B\x52\x63";

} // namespace

std::string journal_folder(const std::string& data_dir) { return fmt::format("{}/{}", data_dir, kJournalFolder); }

std::string segment_path(const std::string& data_dir, std::uint64_t number) {
  return fmt::format("{}/{}/{:016}{}", data_dir, kJournalFolder, std::min<std::uint64_t>(number, kMaxNumber),
                     kSegmentSuffix);
}

Result<std::vector<std::uint64_t>> list_segments(FileSystem& files, const std::string& data_dir) {
  const auto names = files.list(journal_folder(data_dir));
  if (!names && names.error().code == Code::kNotFound) return std::vector<std::uint64_t>{};
  if (!names) return std::unexpected(names.error());
  std::vector<std::uint64_t> numbers;
  for (const auto& file : *names) {
    if (const auto number = segment_number(file)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string out(kSegmentHeaderSize, '\0');
  std::memcpy(out.data(), kSegmentMagic.data(), kSegmentMagic.size());
  put32(out.data() + kSegVersion, kFormatVersion);
  put32(out.data() + kSegHeaderSizeAt, kSegmentHeaderSize);
  put64(out.data() + kSegNumber, header.number);
  put64(out.data() + kSegCreated, static_cast<std::uint64_t>(header.created_us));
  std::memcpy(out.data() + kSegNodeId, header.node_id.data(), std::min(header.node_id.size(), kNodeIdSize));
  put64(out.data() + kSegFirstSequence, header.first_sequence);
  std::memcpy(out.data() + kSegPrevHash, header.prev_hash.data(), 32);
  put64(out.data() + kSegChecksum, checksum(std::string_view(out).substr(0, kSegChecksum)));
  return out;
}

Result<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderSize) return fail(Code::kCorrupt, "the file ends within the segment's header");
  const char* in = bytes.data();
  if (!bytes.starts_with(kSegmentMagic)) return fail(Code::kCorrupt, "this is not a journal segment");
  if (const auto version = get32(in + kSegVersion); version != kFormatVersion) {
    return fail(Code::kCorrupt,
                fmt::format("the segment has format version {}, this program reads {}", version, kFormatVersion));
  }
  if (get64(in + kSegChecksum) != checksum(bytes.substr(0, kSegChecksum))) {
    return fail(Code::kCorrupt, "the segment's header does not match its checksum");
  }
  SegmentHeader header{.number = get64(in + kSegNumber),
                       .created_us = static_cast<std::int64_t>(get64(in + kSegCreated)),
                       .node_id = std::string(in + kSegNodeId, strnlen(in + kSegNodeId, kNodeIdSize)),
                       .first_sequence = get64(in + kSegFirstSequence)};
  std::memcpy(header.prev_hash.data(), in + kSegPrevHash, 32);
  return header;
}

Result<std::unique_ptr<SegmentFile>> SegmentFile::open(FileSystem& files, const std::string& data_dir,
                                                       std::uint64_t number, size_t chunk) {
  auto file = files.open(segment_path(data_dir, number), OpenMode::kRead);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<SegmentFile>(new SegmentFile(std::move(*file), number, chunk));
}

Result<SegmentHeader> SegmentFile::header() {
  const auto bytes = bytes_at(0, kSegmentHeaderSize, kSegmentHeaderSize);
  if (!bytes) return std::unexpected(bytes.error());
  auto header = decode_segment_header(*bytes);
  if (header && header->number != number_) {
    return fail(Code::kCorrupt,
                fmt::format("the file's name says segment {}, its header says {}", number_, header->number));
  }
  return header;
}

Result<std::string_view> SegmentFile::bytes_at(std::uint64_t offset, size_t size, std::uint64_t limit) {
  const size_t wanted = static_cast<size_t>(std::min<std::uint64_t>(size, limit - std::min(limit, offset)));
  const bool there = offset >= buffer_start_ && offset + wanted <= buffer_start_ + buffer_.size();
  if (!there) {
    const size_t ahead =
        static_cast<size_t>(std::min<std::uint64_t>(std::max(wanted, chunk_), limit - std::min(limit, offset)));
    buffer_.resize(ahead);
    buffer_start_ = offset;
    const auto got = file_->read(offset, buffer_);
    buffer_.resize(got.value_or(0));
    if (!got) return std::unexpected(got.error());
  }
  return std::string_view(buffer_).substr(static_cast<size_t>(offset - buffer_start_), wanted);
}

Result<FrameView> SegmentFile::frame_at(std::uint64_t offset, std::uint64_t limit) {
  const auto head = bytes_at(offset, kChainedHeaderSize, limit);
  if (!head) return std::unexpected(head.error());
  auto frame = decode_header(*head);
  if (!frame) return std::unexpected(frame.error());
  const size_t header = header_size(frame->kind);
  const auto whole = bytes_at(offset, header + frame->stored_size, limit);
  if (!whole) return std::unexpected(whole.error());
  if (whole->size() < header + frame->stored_size)
    return fail(Code::kCorrupt, "the file ends within a record's payload");
  FrameView view{.frame = *frame, .payload = whole->substr(header), .offset = offset, .next = offset + whole->size()};
  if (!view.erased() && checksum(view.payload) != frame->payload_sum) {
    return fail(Code::kCorrupt, "the record's payload does not match its checksum");
  }
  return view;
}

Result<std::optional<FrameView>> SegmentFile::find_frame(std::uint64_t offset, std::uint64_t limit) {
  while (offset + kFrameHeaderSize <= limit) {
    const auto window = bytes_at(offset, chunk_, limit);
    if (!window) return std::unexpected(window.error());
    if (window->size() < kMagicBytes.size()) break;
    const size_t at = window->find(kMagicBytes);
    if (at == std::string_view::npos) {
      offset += window->size() - (kMagicBytes.size() - 1);
      continue;
    }
    auto found = frame_at(offset + at, limit);
    if (found) return *found;
    if (found.error().code != Code::kCorrupt) return std::unexpected(found.error());
    offset += at + 1;
  }
  return std::nullopt;
}

std::string payload_problem(const FrameView& view, Sha256& sha256) {
  if (view.erased()) {
    const bool gone = std::all_of(view.payload.begin(), view.payload.end(), [](char byte) { return byte == 0; });
    return gone ? "" : "the record is marked erased but its payload is still there (a restart finishes the erasure)";
  }
  if (has_chain_part(view.frame.kind) && sha256({as_bytes(view.payload)}) != view.frame.payload_digest) {
    return "the payload does not match its SHA-256 digest";
  }
  return "";
}

} // namespace kairos::journal
