// Checks that follow records from one to the next: sequence and hash chain, and what damage at a place means.
// Internal to the journal; shared by recovery, verify and readers.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "journal/recover.h"
#include "journal/segment.h"

namespace kairos::journal {

/// Sequence and hash chain along the records. After a mismatch it goes on from what the record says.
class ChainWalk {
public:
  /// Empty, or what does not fit. Also checks a CHECKPOINT's copy of both.
  std::string follow(const Frame& frame);
  /// A segment header's copy of both; the first one seen is believed.
  std::string follow(const SegmentHeader& header);
  std::uint64_t last_sequence() const { return last_sequence_; }
  const Hash& head() const { return head_; }
  /// After damage: the next record is believed, whatever it says.
  void forget() { known_ = false; }

private:
  std::string expect(std::uint64_t last_sequence, const Hash& head);

  Sha256 sha256_;
  bool known_ = false;
  std::uint64_t last_sequence_ = 0;
  Hash head_{};
};

/// What stands in a segment's records from one place on.
struct SegmentWalk {
  std::uint64_t whole_end = kSegmentHeaderSize; // behind the last record whose batch is complete
  std::optional<Problem> torn;                  // an unfinished last write at whole_end
};

struct WalkHandlers {
  /// Each record of each complete batch, in order.
  std::function<void(const FrameView&)> on_record;
  /// Damage. False stops the walk.
  std::function<bool(Problem)> on_damage;
};

/// Walks the records of a segment up to `limit`. Only in the last segment (`last`) can there be a torn write; what lies
/// before `on_disk` was on disk once and cannot be torn. Fails only if the file cannot be read.
Result<SegmentWalk> walk_segment(SegmentFile& segment, std::uint64_t limit, bool last, std::uint64_t on_disk,
                                 const WalkHandlers& handlers);

/// True if the file holds nothing but what a crash while making it leaves behind: no good header and no record.
Result<bool> is_stillborn(SegmentFile& segment);

/// Where end.mark stands; nothing if there is none or it is unreadable (it only sharpens the judgement of a torn tail).
Position end_mark(FileSystem& files, const std::string& data_dir);

} // namespace kairos::journal
