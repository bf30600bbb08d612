#include "journal/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/cursor_file.h"
#include "journal/segment.h"

namespace kairos::journal {
namespace {

std::string mark_path(const std::string& data_dir) {
  return fmt::format("{}/{}", journal_folder(data_dir), kCheckpointMark);
}

struct Target {
  std::uint64_t offset = 0;
  std::uint8_t flags = 0;
  std::uint64_t payload = 0;
  size_t size = 0;
};

bool concerns(const FrameView& view, std::uint64_t segment, const Erasures& erasures) {
  const auto found = erasures.find(view.frame.receipt);
  return found != erasures.end() && view.frame.kind != Kind::kErase && view.frame.kind != Kind::kCheckpoint &&
         Position{segment, view.offset} < found->second;
}

bool is_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

Result<std::vector<Target>> find_targets(SegmentFile& segment, std::uint64_t limit, const Erasures& erasures) {
  std::vector<Target> targets;
  std::uint64_t offset = kSegmentHeaderSize;
  while (offset < limit) {
    auto view = segment.frame_at(offset, limit);
    if (!view && view.error().code != Code::kCorrupt) return std::unexpected(view.error());
    if (!view) {
      const auto found = segment.find_frame(offset + 1, limit);
      if (!found) return std::unexpected(found.error());
      if (!*found) break;
      view = **found;
    }
    const bool open = !view->erased() || !is_zero(view->payload);
    if (open && concerns(*view, segment.number(), erasures)) {
      const std::uint64_t payload = view->next - view->payload.size();
      targets.push_back(
          {view->offset, static_cast<std::uint8_t>(view->frame.flags | kFlagErased), payload, view->payload.size()});
    }
    offset = view->next;
  }
  return targets;
}

// The flag is on disk before the first payload byte changes, so that a half-done erasure never looks like damage.
Result<> overwrite(File& file, const std::vector<Target>& targets) {
  for (const auto& target : targets) {
    const char flags = static_cast<char>(target.flags);
    if (auto done = file.write(target.offset + kFrameFlags, std::string_view(&flags, 1)); !done) return done;
  }
  if (auto done = file.sync(); !done) return done;
  for (const auto& target : targets) {
    if (auto done = file.write(target.payload, std::string(target.size, '\0')); !done) return done;
  }
  return file.sync();
}

} // namespace

Result<std::optional<Checkpoint>> load_checkpoint(FileSystem& files, const std::string& data_dir,
                                                  const Reader& reader) {
  const auto mark = CursorFile(files, mark_path(data_dir)).load();
  if (!mark && mark.error().code != Code::kCorrupt) return std::unexpected(mark.error());
  if (!mark || !*mark) return std::nullopt;
  auto entry = reader.read(**mark);
  if (!entry && entry.error().code == Code::kIo) return std::unexpected(entry.error());
  if (!entry || entry->kind != Kind::kCheckpoint) return std::nullopt;
  return Checkpoint{entry->position, entry->sequence, entry->prev_hash, position_in(entry->receipt),
                    std::move(entry->payload)};
}

Result<> save_checkpoint_mark(FileSystem& files, const std::string& data_dir, const Position& position) {
  return CursorFile(files, mark_path(data_dir)).save(position);
}

Result<std::uint64_t> overwrite_erased(FileSystem& files, const std::string& data_dir, const Position& end,
                                       const Erasures& erasures) {
  const auto numbers = list_segments(files, data_dir);
  if (!numbers) return std::unexpected(numbers.error());
  std::uint64_t count = 0;
  for (const std::uint64_t number : *numbers) {
    if (number > end.segment) break;
    auto segment = SegmentFile::open(files, data_dir, number);
    if (!segment) return std::unexpected(segment.error());
    const auto size = (*segment)->size();
    if (!size) return std::unexpected(size.error());
    const auto targets = find_targets(**segment, number == end.segment ? end.offset : *size, erasures);
    if (!targets) return std::unexpected(targets.error());
    if (targets->empty()) continue;
    auto file = files.open(segment_path(data_dir, number), OpenMode::kWrite);
    if (!file) return std::unexpected(file.error());
    if (auto done = overwrite(**file, *targets); !done) return std::unexpected(done.error());
    count += targets->size();
  }
  return count;
}

} // namespace kairos::journal
