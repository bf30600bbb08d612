#include "journal/verify.h"

#include "journal/walk.h"

namespace kairos::journal {
namespace {

class Verification {
public:
  Verification(FileSystem& files, const std::string& data_dir)
      : files_(files), data_dir_(data_dir), mark_(end_mark(files, data_dir)) {}

  Result<VerifyReport> run() {
    const auto numbers = list_segments(files_, data_dir_);
    if (!numbers) return std::unexpected(numbers.error());
    std::uint64_t before = 0;
    for (const std::uint64_t number : *numbers) {
      if (before != 0 && number != before + 1) report({{before + 1, 0}, 0, "this segment's file is missing"});
      if (auto done = check_segment(number, number == numbers->back()); !done) return std::unexpected(done.error());
      before = number;
    }
    if (mark_.segment > before) report({mark_, 0, "the journal ends before this place, which was on disk"});
    out_.last_sequence = chain_.last_sequence();
    out_.head = chain_.head();
    return std::move(out_);
  }

private:
  void report(Problem problem) {
    if (problem.sequence == 0) problem.sequence = chain_.last_sequence();
    out_.problem_count += 1;
    if (out_.problems.size() < kMaxProblems) out_.problems.push_back(std::move(problem));
  }

  Result<> check_segment(std::uint64_t number, bool last) {
    auto segment = SegmentFile::open(files_, data_dir_, number, 1u << 20);
    if (!segment) return std::unexpected(segment.error());
    const auto stillborn = last ? is_stillborn(**segment) : Result<bool>(false);
    if (!stillborn) return std::unexpected(stillborn.error());
    if (*stillborn && mark_.segment < number) {
      out_.torn_tail = Problem{{number, 0}, chain_.last_sequence(), "the making of this segment was not finished"};
      return {};
    }
    const auto header = (*segment)->header();
    const std::string problem = header ? chain_.follow(*header) : header.error().message;
    if (!problem.empty()) report({{number, 0}, 0, problem});
    if (header && node_id_.empty()) node_id_ = header->node_id;
    if (header && header->node_id != node_id_)
      report({{number, kSegNodeId}, 0, "a segment of another node: " + header->node_id});
    return check_records(**segment, last);
  }

  Result<> check_records(SegmentFile& segment, bool last) {
    const auto size = segment.size();
    if (!size) return std::unexpected(size.error());
    const WalkHandlers handlers{.on_record = [&](const FrameView& view) { check(view, segment.number()); },
                                .on_damage =
                                    [&](Problem problem) {
                                      report(std::move(problem));
                                      return true;
                                    }};
    const auto walk =
        walk_segment(segment, *size, last, mark_.segment == segment.number() ? mark_.offset : 0, handlers);
    if (!walk) return std::unexpected(walk.error());
    if (walk->torn) out_.torn_tail = walk->torn;
    out_.segments += 1;
    out_.bytes += *size;
    return {};
  }

  void check(const FrameView& view, std::uint64_t number) {
    const Frame& frame = view.frame;
    out_.records += 1;
    out_.erased += view.erased() ? 1 : 0;
    if (is_chained(frame.kind) && out_.first_sequence == 0) out_.first_sequence = frame.sequence;
    const Position position{number, view.offset};
    if (const auto problem = chain_.follow(frame); !problem.empty()) report({position, frame.sequence, problem});
    if (const auto problem = payload_problem(view, sha256_); !problem.empty())
      report({position, frame.sequence, problem});
    if (view.erased() || (frame.flags & kFlagCompressed) == 0) return;
    if (const auto done = decompressor_.decompress(view.payload, frame.raw_size, raw_); !done) {
      report({position, frame.sequence, done.error().message});
    }
  }

  FileSystem& files_;
  const std::string& data_dir_;
  const Position mark_;
  VerifyReport out_;
  ChainWalk chain_;
  Sha256 sha256_;
  Decompressor decompressor_;
  std::string raw_;
  std::string node_id_;
};

} // namespace

Result<VerifyReport> verify(FileSystem& files, const std::string& data_dir) {
  return Verification(files, data_dir).run();
}

} // namespace kairos::journal
