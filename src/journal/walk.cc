#include "journal/walk.h"

#include <fmt/format.h>

#include "journal/cursor_file.h"

namespace kairos::journal {

std::string ChainWalk::expect(std::uint64_t last_sequence, const Hash& head) {
  const bool known = std::exchange(known_, true);
  const std::uint64_t had = std::exchange(last_sequence_, last_sequence);
  const Hash had_head = std::exchange(head_, head);
  if (!known) return "";
  if (had != last_sequence) return fmt::format("sequence {} should come next, it is {}", had + 1, last_sequence + 1);
  if (had_head != head) return "the hash chain is broken: prev_hash is not the hash of the record before";
  return "";
}

std::string ChainWalk::follow(const Frame& frame) {
  if (!has_chain_part(frame.kind)) return "";
  if (frame.kind == Kind::kCheckpoint) return expect(frame.sequence, frame.prev_hash);
  std::string problem = expect(frame.sequence - 1, frame.prev_hash);
  last_sequence_ = frame.sequence;
  head_ = chain_hash(sha256_, frame.prev_hash, frame.sequence, frame.payload_digest);
  return problem;
}

std::string ChainWalk::follow(const SegmentHeader& header) {
  return expect(header.first_sequence - 1, header.prev_hash);
}

namespace {

struct HeldRecord {
  FrameView view;
  std::string payload;
};

class Walk {
public:
  Walk(SegmentFile& segment, std::uint64_t limit, bool last, std::uint64_t on_disk, const WalkHandlers& handlers)
      : segment_(segment), limit_(limit), last_(last), on_disk_(on_disk), handlers_(handlers) {}

  Result<SegmentWalk> run() {
    std::uint64_t offset = kSegmentHeaderSize;
    while (offset < limit_) {
      const auto view = segment_.frame_at(offset, limit_);
      if (view && fits_batch(*view)) {
        take(*view);
        offset = view->next;
        continue;
      }
      if (!view && view.error().code != Code::kCorrupt) return std::unexpected(view.error());
      const auto on =
          after_damage(offset, view ? "a record of another batch where one should go on" : view.error().message, view);
      if (!on) return std::unexpected(on.error());
      if (!*on) return out_;
      offset = **on;
    }
    return finish();
  }

private:
  bool fits_batch(const FrameView& view) const {
    return held_.empty() || view.frame.batch_left + 1 == held_.back().view.frame.batch_left;
  }

  void take(const FrameView& view) {
    if (held_.empty() && view.frame.batch_left == 0) {
      handlers_.on_record(view);
    } else {
      held_.push_back({view, std::string(view.payload)});
      if (view.frame.batch_left == 0) release();
    }
    if (held_.empty()) out_.whole_end = view.next;
  }

  void release() {
    for (auto& held : held_) {
      held.view.payload = held.payload;
      handlers_.on_record(held.view);
    }
    held_.clear();
  }

  Problem problem(std::uint64_t offset, std::string what) const {
    return {{segment_.number(), offset}, 0, std::move(what)};
  }

  // nullopt: the walk ends here (torn, or the handler said stop); else where to go on.
  Result<std::optional<std::uint64_t>> after_damage(std::uint64_t offset, const std::string& what,
                                                    const Result<FrameView>& stray) {
    const auto next = stray ? Result<std::optional<FrameView>>(*stray) : segment_.find_frame(offset + 1, limit_);
    if (!next) return std::unexpected(next.error());
    const auto was_on_disk = known_on_disk(offset, *next);
    if (!was_on_disk) return std::unexpected(was_on_disk.error());
    if (last_ && !*was_on_disk) {
      out_.torn =
          problem(out_.whole_end, fmt::format("unfinished last write: {} bytes ({})", limit_ - out_.whole_end, what));
      return std::nullopt;
    }
    release();
    const std::uint64_t resume = *next ? (*next)->offset : limit_;
    if (!handlers_.on_damage(
            problem(offset, fmt::format("{} ({} bytes up to the next good record)", what, resume - offset)))) {
      return std::nullopt;
    }
    return resume;
  }

  // A later record says how far its segment was on disk when it was written.
  Result<bool> known_on_disk(std::uint64_t offset, std::optional<FrameView> later) {
    if (offset < on_disk_) return true;
    while (later) {
      if (later->offset - std::min<std::uint64_t>(later->frame.unsynced, later->offset) > offset) return true;
      const auto next = segment_.find_frame(later->next, limit_);
      if (!next) return std::unexpected(next.error());
      later = *next;
    }
    return false;
  }

  Result<SegmentWalk> finish() {
    const bool short_of_mark = limit_ < on_disk_;
    if (!held_.empty() && last_ && !short_of_mark) {
      out_.torn = problem(out_.whole_end, fmt::format("unfinished last batch: {} bytes", limit_ - out_.whole_end));
      return out_;
    }
    if (!held_.empty()) handlers_.on_damage(problem(out_.whole_end, "the rest of a batch is missing"));
    if (short_of_mark) {
      handlers_.on_damage(problem(
          limit_, fmt::format("the file ends here, but {} bytes that were on disk are missing", on_disk_ - limit_)));
    }
    release();
    return out_;
  }

  SegmentFile& segment_;
  const std::uint64_t limit_;
  const bool last_;
  const std::uint64_t on_disk_;
  const WalkHandlers& handlers_;
  std::vector<HeldRecord> held_;
  SegmentWalk out_;
};

} // namespace

Result<SegmentWalk> walk_segment(SegmentFile& segment, std::uint64_t limit, bool last, std::uint64_t on_disk,
                                 const WalkHandlers& handlers) {
  return Walk(segment, limit, last, on_disk, handlers).run();
}

Result<bool> is_stillborn(SegmentFile& segment) {
  const auto header = segment.header();
  if (header) return false;
  if (header.error().code != Code::kCorrupt) return std::unexpected(header.error());
  const auto size = segment.size();
  if (!size) return std::unexpected(size.error());
  const auto found = segment.find_frame(0, *size);
  if (!found) return std::unexpected(found.error());
  return !found->has_value();
}

Position end_mark(FileSystem& files, const std::string& data_dir) {
  const auto mark = CursorFile(files, fmt::format("{}/{}", journal_folder(data_dir), kEndMark)).load();
  return mark ? mark->value_or(Position{}) : Position{};
}

} // namespace kairos::journal
