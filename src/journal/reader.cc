#include "journal/reader.h"

#include <fmt/format.h>

#include "journal/checkpoint.h"
#include "journal/walk.h"

namespace kairos::journal {
namespace {

constexpr size_t kRandomChunk = 8192; // most receipts come with one read

std::unexpected<Error> at(const Position& position, const Error& cause) {
  return fail_in(fmt::format("journal {}", to_string(position)), cause);
}

std::unexpected<Error> dropped(const Position& position) {
  return fail(Code::kNotFound,
              fmt::format("journal {}: this segment was dropped, or is missing: the journal begins later",
                          to_string(position)));
}

Decompressor& decompressor() {
  thread_local Decompressor one;
  return one;
}

Sha256& sha256() {
  thread_local Sha256 one;
  return one;
}

bool is_of_open_receipt(Kind kind) { return kind == Kind::kOpen || kind == Kind::kAttempt; }

bool is_skipped(Kind kind, Payloads wanted) {
  return wanted == Payloads::kNone || (wanted == Payloads::kOfClosed && is_of_open_receipt(kind));
}

Result<> fill(Entry& entry, const FrameView& view, std::uint64_t segment, Payloads wanted) {
  const Frame& frame = view.frame;
  entry.kind = frame.kind;
  entry.receipt = frame.receipt;
  entry.time = WallTime(std::chrono::microseconds(frame.time_us));
  entry.sequence = frame.sequence;
  entry.prev_hash = frame.prev_hash;
  entry.hash =
      is_chained(frame.kind) ? chain_hash(sha256(), frame.prev_hash, frame.sequence, frame.payload_digest) : Hash{};
  entry.erased = view.erased();
  entry.position = {segment, view.offset};
  entry.next = {segment, view.next};
  entry.payload.clear();
  if (entry.erased || is_skipped(frame.kind, wanted)) return {};
  if ((frame.flags & kFlagCompressed) != 0)
    return decompressor().decompress(view.payload, frame.raw_size, entry.payload);
  entry.payload = view.payload;
  return {};
}

// An erasure under the reader's hands looks like damage for a moment: look twice before saying so.
Result<> read_entry(SegmentFile& segment, std::uint64_t offset, std::uint64_t limit, Entry& entry,
                    Payloads wanted = Payloads::kAll) {
  for (const bool again : {true, false}) {
    const auto view = segment.frame_at(offset, limit);
    const Result<> filled = view ? fill(entry, *view, segment.number(), wanted) : std::unexpected(view.error());
    if (filled || !again || filled.error().code != Code::kCorrupt) return filled;
    segment.forget();
  }
  return {};
}

Result<Position> end_at_rest(FileSystem& files, const std::string& data_dir) {
  const auto numbers = list_segments(files, data_dir);
  if (!numbers) return std::unexpected(numbers.error());
  const Position mark = end_mark(files, data_dir);
  for (auto number = numbers->rbegin(); number != numbers->rend(); ++number) {
    auto segment = SegmentFile::open(files, data_dir, *number);
    if (!segment) return std::unexpected(segment.error());
    const auto stillborn = is_stillborn(**segment);
    if (!stillborn) return std::unexpected(stillborn.error());
    if (*stillborn) continue;
    const auto size = (*segment)->size();
    if (!size) return std::unexpected(size.error());
    const WalkHandlers handlers{.on_record = [](const FrameView&) {}, .on_damage = [](const Problem&) { return true; }};
    const auto walk = walk_segment(**segment, *size, true, mark.segment == *number ? mark.offset : 0, handlers);
    if (!walk) return std::unexpected(walk.error());
    return Position{*number, walk->torn ? walk->whole_end : *size};
  }
  return Position{};
}

} // namespace

Result<std::shared_ptr<Reader>> Reader::open(FileSystem& files, const std::string& data_dir) {
  const auto end = end_at_rest(files, data_dir);
  if (!end) return std::unexpected(end.error());
  auto reader = std::make_shared<Reader>(files, data_dir, *end);
  reader->close();
  return reader;
}

Reader::Reader(FileSystem& files, std::string data_dir, Position end)
    : files_(files), data_dir_(std::move(data_dir)), end_(end) {}

Position Reader::end() const {
  const std::scoped_lock lock(mutex_);
  return end_;
}

void Reader::publish(const Position& end) {
  {
    const std::scoped_lock lock(mutex_);
    end_ = end;
  }
  moved_.notify_all();
}

void Reader::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  moved_.notify_all();
}

bool Reader::wait_beyond(const Position& position, std::chrono::nanoseconds timeout, std::stop_token stop) const {
  std::unique_lock lock(mutex_);
  moved_.wait_for(lock, std::move(stop), timeout, [&] { return closed_ || end_ > position; });
  return end_ > position;
}

Result<Entry> Reader::read(const Position& position) const {
  const Position end = this->end();
  if (position >= end)
    return fail(Code::kNotFound, fmt::format("journal {}: nothing is there yet", to_string(position)));
  auto segment = SegmentFile::open(files_, data_dir_, position.segment, kRandomChunk);
  if (!segment && segment.error().code == Code::kNotFound) return dropped(position);
  if (!segment) return at(position, segment.error());
  const auto size = (*segment)->size();
  if (!size) return at(position, size.error());
  Entry entry;
  const auto limit = position.segment == end.segment ? end.offset : *size;
  if (auto done = read_entry(**segment, position.offset, limit, entry); !done) return at(position, done.error());
  return entry;
}

Result<std::optional<Begin>> Reader::begin() const {
  for (const bool again : {true, false}) { // the oldest one may be dropped between two looks
    const auto numbers = list_segments(files_, data_dir_);
    if (!numbers) return std::unexpected(numbers.error());
    if (numbers->empty() || end().segment == 0) return std::nullopt;
    auto begin = begin_of(numbers->front());
    if (begin) return *begin;
    if (begin.error().code != Code::kNotFound || !again) return std::unexpected(begin.error());
  }
  return std::nullopt;
}

Result<Begin> Reader::begin_of(std::uint64_t segment) const {
  auto file = SegmentFile::open(files_, data_dir_, segment, kRandomChunk);
  if (!file && file.error().code == Code::kNotFound) return dropped({segment, 0});
  if (!file) return at({segment, 0}, file.error());
  const auto header = (*file)->header();
  if (!header) return at({segment, 0}, header.error());
  return Begin{segment, header->first_sequence, header->prev_hash,
               WallTime(std::chrono::microseconds(header->created_us))};
}

Result<std::optional<Checkpoint>> Reader::checkpoint() const { return load_checkpoint(files_, data_dir_, *this); }

Cursor::Cursor(std::shared_ptr<const Reader> reader, Position from) : reader_(std::move(reader)), position_(from) {}
Cursor::~Cursor() = default;
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;

// Opens the segment that position_ is in, stepping over the end of a finished one. False: at the end.
Result<bool> Cursor::settle() {
  const Position end = reader_->end();
  if (position_.segment == 0 && end.segment != 0) {
    const auto numbers = list_segments(reader_->files_, reader_->data_dir_);
    if (!numbers) return std::unexpected(numbers.error());
    if (!numbers->empty()) position_ = {numbers->front(), kSegmentHeaderSize};
  }
  while (position_ < end) {
    if (!segment_ || segment_->number() != position_.segment) {
      auto opened = SegmentFile::open(reader_->files_, reader_->data_dir_, position_.segment);
      if (!opened && opened.error().code == Code::kNotFound) return dropped(position_);
      if (!opened) return at(position_, opened.error());
      segment_ = std::move(*opened);
    }
    position_.offset = std::max<std::uint64_t>(position_.offset, kSegmentHeaderSize);
    if (position_.segment == end.segment) return position_.offset < end.offset;
    const auto size = segment_->size();
    if (!size) return at(position_, size.error());
    if (position_.offset < *size) return true;
    position_ = {position_.segment + 1, kSegmentHeaderSize};
  }
  return false;
}

Result<bool> Cursor::next(Entry& entry) {
  const auto more = settle();
  if (!more || !*more) return more;
  const Position end = reader_->end();
  std::uint64_t limit = end.offset;
  if (position_.segment != end.segment) {
    const auto size = segment_->size();
    if (!size) return at(position_, size.error());
    limit = *size;
  }
  if (auto done = read_entry(*segment_, position_.offset, limit, entry, payloads_); !done)
    return at(position_, done.error());
  position_ = entry.next;
  return true;
}

Result<> Cursor::load_payload(Entry& entry) {
  const Position position = entry.position;
  if (segment_ && segment_->number() == position.segment) // its bytes are at hand still
    return read_entry(*segment_, position.offset, entry.next.offset, entry);
  auto again = reader_->read(position);
  if (!again) return std::unexpected(again.error());
  entry = std::move(*again);
  return {};
}

Result<Problem> Cursor::skip_damage() {
  const auto more = settle();
  if (!more) return std::unexpected(more.error());
  Problem problem{position_, 0, "nothing to skip"};
  if (!*more) return problem;
  const Position end = reader_->end();
  const auto size = segment_->size();
  if (!size) return at(position_, size.error());
  const auto limit = position_.segment == end.segment ? end.offset : *size;
  const auto found = segment_->find_frame(position_.offset + 1, limit);
  if (!found) return at(position_, found.error());
  const std::uint64_t resume = *found ? (*found)->offset : limit;
  problem.what = fmt::format("{} damaged bytes were passed over", resume - position_.offset);
  position_.offset = resume;
  return problem;
}

bool Cursor::wait_for_more(std::chrono::nanoseconds timeout, std::stop_token stop) const {
  return reader_->wait_beyond(position_, timeout, std::move(stop));
}

} // namespace kairos::journal
