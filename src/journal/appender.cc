#include "journal/appender.h"

#include <algorithm>
#include <limits>

namespace kairos::journal {
namespace {

constexpr size_t kKeepBuffer = 8u << 20;

} // namespace

Appender::Appender(FileSystem& files, std::string data_dir, std::uint64_t segment_bytes, const Recovered& recovered)
    : files_(files), data_dir_(std::move(data_dir)), segment_bytes_(segment_bytes), node_id_(recovered.node_id),
      end_(recovered.end), synced_(recovered.end.offset), chain_{recovered.last_sequence, recovered.head},
      next_(chain_) {
  open_.with([&](auto& open) {
    for (const auto& unclosed : recovered.unclosed) open[unclosed.receipt] = unclosed.open;
  });
}

Result<> Appender::start() {
  if (end_.segment == 0) return {};
  auto file = files_.open(segment_path(data_dir_, end_.segment), OpenMode::kWrite);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  return {};
}

bool Appender::fits(size_t records, size_t payload_bytes) const {
  if (!file_) return false;
  const std::uint64_t used = end_.offset + buffer_.size();
  return used <= kSegmentHeaderSize || used + payload_bytes + records * kChainedHeaderSize <= segment_bytes_;
}

Result<std::unique_ptr<File>> Appender::make_segment(std::uint64_t number, WallTime now) {
  auto file = files_.open(segment_path(data_dir_, number), OpenMode::kCreate);
  if (!file) return file;
  const SegmentHeader header{number, now.time_since_epoch().count(), node_id_, chain_.last_sequence + 1, chain_.head};
  if (auto done = (*file)->write(0, encode_segment_header(header)); !done) return std::unexpected(done.error());
  Result<> synced = (*file)->sync();
  if (synced) synced = files_.sync_folder(journal_folder(data_dir_));
  if (synced) return file;
  poisoned_ = true;
  return std::unexpected(synced.error());
}

Result<> Appender::rotate(WallTime now) {
  if (auto done = sync(); !done) return done;
  const std::uint64_t number = end_.segment + 1;
  auto file = make_segment(number, now);
  if (!file) {
    [[maybe_unused]] const auto removed =
        files_.remove(segment_path(data_dir_, number)); // a leftover is harmless: made anew, or removed by recovery
    return std::unexpected(file.error());
  }
  file_ = std::move(*file);
  end_ = {number, kSegmentHeaderSize};
  synced_ = kSegmentHeaderSize;
  return {};
}

void Appender::encode(std::span<const Record> batch, std::vector<Appended>& out) {
  out.resize(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) {
    encode_one(batch[i], static_cast<std::uint16_t>(batch.size() - 1 - i), out[i]);
  }
}

void Appender::encode_one(const Record& record, std::uint16_t batch_left, Appended& out) {
  const size_t start = buffer_.size();
  const size_t header = header_size(record.kind);
  buffer_.resize(start + header);
  out.position = {end_.segment, end_.offset + start};
  bool compressed = false;
  if (record.head != nullptr) {
    compressed = compressor_.append_smaller(buffer_, *record.head, record.payload, record.packing);
  } else if (record.packing == Packing::kSmall) {
    compressed = compressor_.append_smaller(buffer_, record.payload);
  }
  if (!compressed && record.head != nullptr) buffer_ += record.head->text;
  if (!compressed) buffer_ += record.payload;
  const std::string_view stored = std::string_view(buffer_).substr(start + header);
  const std::uint64_t unsynced = end_.offset + start - synced_;
  Frame frame{.kind = record.kind,
              .flags = compressed ? kFlagCompressed : std::uint8_t{0},
              .batch_left = batch_left,
              .stored_size = static_cast<std::uint32_t>(stored.size()),
              .raw_size = static_cast<std::uint32_t>(record.size()),
              .receipt = record.receipt,
              .time_us = record.time.time_since_epoch().count(),
              .payload_sum = checksum(stored),
              .unsynced = static_cast<std::uint32_t>(
                  std::min<std::uint64_t>(unsynced, std::numeric_limits<std::uint32_t>::max())),
              .prev_hash = {},
              .payload_digest = {}};
  if (has_chain_part(record.kind)) link(frame, stored, out);
  if (record.kind == Kind::kOpen) opened_.emplace_back(record.receipt, out.position);
  if (record.kind == Kind::kClose) opened_.emplace_back(record.receipt, Position{});
  encode_header(frame, buffer_.data() + start);
}

void Appender::link(Frame& frame, std::string_view stored, Appended& out) {
  frame.payload_digest = sha256_({as_bytes(stored)});
  frame.prev_hash = next_.head;
  if (frame.kind == Kind::kCheckpoint) {
    frame.sequence = next_.last_sequence;
    scan_from_ = out.position;
    open_.with([&](const auto& open) {
      for (const auto& [receipt, position] : open) scan_from_ = std::min(scan_from_, position);
    });
    frame.receipt = position_as_ulid(scan_from_);
  } else {
    frame.sequence = ++next_.last_sequence;
    next_.head = chain_hash(sha256_, frame.prev_hash, frame.sequence, frame.payload_digest);
    out.hash = next_.head;
  }
  out.sequence = frame.sequence;
  out.prev_hash = frame.prev_hash;
}

Result<> Appender::commit() {
  if (buffer_.empty()) return {};
  if (auto done = file_->write(end_.offset, buffer_); !done) {
    forget_encoded();
    if (auto cut = cut_back(); !cut) {
      poisoned_ = true;
      return fail_in(done.error().message + ", and what was half written could not be cut off", cut.error());
    }
    return done;
  }
  end_.offset += buffer_.size();
  chain_ = next_;
  note_open_receipts();
  forget_encoded();
  return {};
}

void Appender::forget_encoded() {
  buffer_.clear();
  if (buffer_.capacity() > kKeepBuffer) buffer_.shrink_to_fit();
  opened_.clear();
  next_ = chain_;
}

void Appender::note_open_receipts() {
  if (opened_.empty()) return;
  open_.with([&](auto& open) {
    for (const auto& [receipt, position] : opened_) {
      if (position.segment != 0)
        open[receipt] = position;
      else
        open.erase(receipt);
    }
  });
}

Result<> Appender::cut_back() { return file_->truncate(end_.offset); }

Result<> Appender::sync() {
  if (unsynced_bytes() == 0) return {};
  if (auto done = file_->sync(); !done) {
    poisoned_ = true;
    return done;
  }
  synced_ = end_.offset;
  return {};
}

Result<> Appender::finish_sync(const SyncJob& job, Result<> done) {
  if (!done) poisoned_ = true; // whatever has been written since: a failed sync is reported once only
  if (done && job.end.segment == end_.segment) synced_ = std::max(synced_, job.end.offset);
  return done;
}

Result<> Appender::probe() {
  if (!file_) return {};
  const auto written = file_->write(end_.offset, std::string(1u << 16, '\0'));
  if (auto cut = cut_back(); !cut) {
    poisoned_ = true;
    return cut;
  }
  return written;
}

} // namespace kairos::journal
