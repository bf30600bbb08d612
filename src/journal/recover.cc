#include "journal/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "journal/checkpoint.h"
#include "journal/cursor_file.h"
#include "journal/node_id.h"
#include "journal/walk.h"

namespace kairos::journal {
namespace {

constexpr std::string_view kWhatToDo = "restore this segment from a backup, or see docs/journal_format.md, \"Damage\", "
                                       "for starting without the damaged records";

struct StoredPayload {
  std::string bytes;
  std::uint32_t raw_size = 0;
  bool compressed = false;
};

struct OpenReceipt {
  Position open;
  std::int64_t opened_us = 0;
  std::vector<StoredPayload> payloads; // OPEN's, then one per ATTEMPT
};

class Recovery {
public:
  Recovery(FileSystem& files, std::string data_dir, const RecoverOptions& options)
      : files_(files), data_dir_(std::move(data_dir)), options_(options), mark_(end_mark(files_, data_dir_)) {}

  Result<Recovered> run() {
    if (auto done = make_folders(); !done) return std::unexpected(done.error());
    if (auto done = scan(); !done) return std::unexpected(done.error());
    auto node = settle_node_id(files_, data_dir_, options_.node_id, header_node_id_);
    if (!node) return std::unexpected(node.error());
    out_.node_id = std::move(*node);
    if (auto done = repair(); !done) return std::unexpected(done.error());
    if (auto done = list_unclosed(); !done) return std::unexpected(done.error());
    out_.last_sequence = chain_.last_sequence();
    out_.head = chain_.head();
    return std::move(out_);
  }

private:
  Result<> make_folders() {
    for (const auto& folder : {data_dir_, journal_folder(data_dir_)}) {
      if (auto done = files_.make_folder(folder); !done) return done;
    }
    return files_.sync_folder(data_dir_);
  }

  Result<> scan() {
    const auto numbers = list_segments(files_, data_dir_);
    if (!numbers) return std::unexpected(numbers.error());
    if (auto done = find_start(); !done) return done;
    std::uint64_t before = 0;
    for (const std::uint64_t number : *numbers) {
      if (out_.checkpoint && number < out_.checkpoint->scan_from.segment) continue;
      if (before != 0 && number != before + 1) damage({{before + 1, 0}, 0, "this segment's file is missing"});
      if (auto done = scan_segment(number, number == numbers->back()); !done) return done;
      if (refused()) return refusal();
      before = number;
    }
    if (mark_.segment > before) damage({mark_, 0, "the journal ends before this place, which was on disk"});
    return refused() ? refusal() : Result<>{};
  }

  Result<> find_start() {
    const auto reader = Reader::open(files_, data_dir_);
    if (!reader) return std::unexpected(reader.error());
    auto checkpoint = (*reader)->checkpoint();
    if (!checkpoint) return std::unexpected(checkpoint.error());
    out_.checkpoint = std::move(*checkpoint);
    return {};
  }

  Result<> scan_segment(std::uint64_t number, bool last) {
    auto segment = SegmentFile::open(files_, data_dir_, number, 1u << 20);
    if (!segment) return std::unexpected(segment.error());
    const auto stillborn = last ? is_stillborn(**segment) : Result<bool>(false);
    if (!stillborn) return std::unexpected(stillborn.error());
    if (*stillborn && mark_.segment < number) {
      stillborn_ = number;
      return {};
    }
    if (auto done = check_header(**segment); !done || refused()) return done;
    const auto size = (*segment)->size();
    if (!size) return std::unexpected(size.error());
    const WalkHandlers handlers{.on_record = [&](const FrameView& view) { take(view, number); },
                                .on_damage = [&](Problem problem) { return damage(std::move(problem)); }};
    const auto walk = walk_segment(**segment, *size, last, mark_.segment == number ? mark_.offset : 0, handlers);
    if (!walk) return std::unexpected(walk.error());
    out_.scanned_bytes += *size;
    out_.cut = walk->torn;
    out_.end = {number, walk->torn ? walk->whole_end : *size};
    return {};
  }

  Result<> check_header(SegmentFile& segment) {
    const auto header = segment.header();
    if (!header && header.error().code != Code::kCorrupt) return std::unexpected(header.error());
    if (!header) {
      damage({{segment.number(), 0}, chain_.last_sequence(), header.error().message});
      return {};
    }
    if (header_node_id_.empty()) header_node_id_ = header->node_id;
    if (header->node_id != header_node_id_) {
      damage({{segment.number(), kSegNodeId},
              chain_.last_sequence(),
              fmt::format("a segment of another node ({})", header->node_id)});
    }
    const std::string problem = chain_.follow(*header);
    if (!problem.empty()) damage({{segment.number(), 0}, chain_.last_sequence(), problem});
    return {};
  }

  bool damage(Problem problem) {
    problem.sequence = chain_.last_sequence();
    out_.damage.push_back(std::move(problem));
    chain_.forget();
    return options_.accept_damage;
  }
  bool refused() const { return !options_.accept_damage && !out_.damage.empty(); }
  Result<> refusal() const {
    const Problem& first = out_.damage.front();
    return fail(Code::kCorrupt, fmt::format("journal {} (after sequence {}): {}; {}",
                                            segment_path(data_dir_, first.position.segment) +
                                                fmt::format(", byte {}", first.position.offset),
                                            first.sequence, first.what, kWhatToDo));
  }

  void take(const FrameView& view, std::uint64_t number) {
    const Frame& frame = view.frame;
    out_.scanned_records += 1;
    if (refused()) return;
    const std::string problem = chain_.follow(frame);
    if (!problem.empty()) damage({{number, view.offset}, frame.sequence, problem});
    const Position position{number, view.offset};
    if (frame.kind == Kind::kErase) erasures_[frame.receipt] = position;
    if (frame.kind == Kind::kClose) open_.erase(frame.receipt);
    if (frame.kind == Kind::kOpen) open_[frame.receipt] = {position, frame.time_us, {}};
    if (frame.kind != Kind::kOpen && frame.kind != Kind::kAttempt) return;
    const auto found = open_.find(frame.receipt);
    if (found == open_.end() || view.erased()) return;
    found->second.payloads.push_back({std::string(view.payload), frame.raw_size, (frame.flags & kFlagCompressed) != 0});
  }

  Result<> repair() {
    if (stillborn_) {
      if (auto done = files_.remove(segment_path(data_dir_, *stillborn_)); !done) return done;
      out_.cut =
          Problem{{*stillborn_, 0}, chain_.last_sequence(), "a segment whose making was not finished was removed"};
    }
    if (out_.end.segment != 0) {
      if (auto done = settle_end(); !done) return done;
    }
    if (auto done = files_.sync_folder(journal_folder(data_dir_)); !done) return done;
    if (erasures_.empty()) return {};
    const auto redone = overwrite_erased(files_, data_dir_, out_.end, erasures_);
    if (!redone) return std::unexpected(redone.error());
    out_.erasures_redone = *redone;
    return {};
  }

  // Cuts what is torn, and lets end.mark say that all that is left is on disk.
  Result<> settle_end() {
    auto file = files_.open(segment_path(data_dir_, out_.end.segment), OpenMode::kWrite);
    if (!file) return std::unexpected(file.error());
    if (out_.cut && !stillborn_) {
      if (auto done = (*file)->truncate(out_.end.offset); !done) return done;
      out_.cut->sequence = chain_.last_sequence();
      out_.cut->what += ", cut off";
    }
    if (auto done = (*file)->sync(); !done) return done;
    return CursorFile(files_, fmt::format("{}/{}", journal_folder(data_dir_), kEndMark)).save(out_.end);
  }

  Result<> list_unclosed() {
    Decompressor decompressor;
    for (const auto& [receipt, open] : open_) {
      Unclosed unclosed{.receipt = receipt,
                        .open = open.open,
                        .opened_at = WallTime(std::chrono::microseconds(open.opened_us)),
                        .open_payload = {},
                        .attempt_payloads = {}};
      for (const auto& stored : open.payloads) {
        std::string raw = stored.bytes;
        if (stored.compressed) {
          if (auto done = decompressor.decompress(stored.bytes, stored.raw_size, raw); !done) return done;
        }
        if (&stored == &open.payloads.front())
          unclosed.open_payload = std::move(raw);
        else
          unclosed.attempt_payloads.push_back(std::move(raw));
      }
      out_.unclosed.push_back(std::move(unclosed));
    }
    std::sort(out_.unclosed.begin(), out_.unclosed.end(), [](const auto& a, const auto& b) { return a.open < b.open; });
    return {};
  }

  FileSystem& files_;
  const std::string data_dir_;
  const RecoverOptions& options_;
  const Position mark_;
  Recovered out_;
  ChainWalk chain_;
  std::string header_node_id_;
  std::map<Ulid, OpenReceipt> open_;
  Erasures erasures_;
  std::optional<std::uint64_t> stillborn_;
};

} // namespace

Result<Recovered> recover(FileSystem& files, const std::string& data_dir, const RecoverOptions& options) {
  return Recovery(files, data_dir, options).run();
}

} // namespace kairos::journal
