#include "journal/writer.h"

#include <fmt/format.h>

#include "journal/checkpoint.h"
#include "journal/writer_core.h"

namespace kairos::journal {
namespace {

Result<> check(const Record& record) {
  if (record.kind == Kind::kErase || record.kind == Kind::kCheckpoint) {
    return fail(Code::kInvalid, fmt::format("{} records are written by a function of their own", name(record.kind)));
  }
  if (record.payload.size() > kMaxPayload) {
    return fail(Code::kTooLarge, fmt::format("a journal record of {} bytes is over the limit of {}",
                                             record.payload.size(), kMaxPayload));
  }
  return {};
}

} // namespace

Writer::Writer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Writer::~Writer() = default;

Result<std::unique_ptr<Writer>> Writer::start(FileSystem& files, WriterOptions options, const Recovered& recovered) {
  auto core = std::make_unique<Core>(files, std::move(options), recovered);
  if (auto done = core->start(); !done) return std::unexpected(done.error());
  return std::unique_ptr<Writer>(new Writer(std::move(core)));
}

Result<> Writer::append(Record record, Completion done) {
  if (auto good = check(record); !good) return good;
  Pending pending{.records = {}, .make = {}, .done = std::move(done), .sync = false, .bytes = record.payload.size()};
  pending.records.push_back(std::move(record));
  return core_->push(std::move(pending), false);
}

Result<> Writer::append(LateRecord record, Completion done) {
  return core_->push(late(std::move(record), std::move(done)), false);
}
void Writer::append_unwoken(LateRecord record, Completion done) {
  Pending pending = late(std::move(record), std::move(done));
  if (const auto queued = core_->push(std::move(pending), false, false); !queued)
    pending.complete(std::unexpected(queued.error())); // NOLINT(bugprone-use-after-move): not taken, so still whole
}
void Writer::wake() { core_->wake(); }
std::optional<Result<Appended>> Writer::append_here(LateRecord& record) { return core_->append_here(record); }

Result<> Writer::append_batch(std::vector<Record> records, BatchCompletion done) {
  if (records.empty() || records.size() > kMaxBatchRecords) {
    return fail(Code::kTooLarge,
                fmt::format("a journal batch has 1 to {} records, this one has {}", kMaxBatchRecords, records.size()));
  }
  size_t bytes = 0;
  for (const auto& record : records) {
    if (auto good = check(record); !good) return good;
    bytes += record.payload.size();
  }
  if (bytes > kMaxBatchBytes) {
    return fail(Code::kTooLarge,
                fmt::format("a journal batch of {} bytes is over the limit of {}", bytes, kMaxBatchBytes));
  }
  return core_->push(
      {.records = std::move(records), .make = {}, .done = std::move(done), .sync = false, .bytes = bytes}, false);
}

Result<> Writer::flush() {
  auto done = core_->call({});
  if (!done) return std::unexpected(done.error());
  return {};
}

void Writer::wait_until_idle() { core_->wait_until_idle(); }

Result<Appended> Writer::checkpoint(WallTime time, std::string payload) {
  if (payload.size() > kMaxPayload) {
    return fail(Code::kTooLarge,
                fmt::format("a checkpoint of {} bytes is over the limit of {}", payload.size(), kMaxPayload));
  }
  const std::scoped_lock lock(core_->maintenance);
  if (!core_->unfinished.empty()) {
    return fail(Code::kConflict, "no checkpoint: an erasure failed half-way; erasing again or a restart finishes it");
  }
  std::vector<Record> records(1);
  records.front() = {Kind::kCheckpoint, {}, time, std::move(payload)};
  auto appended = core_->call(std::move(records));
  if (!appended) return std::unexpected(appended.error());
  const Appended& one = appended->front();
  core_->checkpoint = Checkpoint{one.position, one.sequence, one.prev_hash, core_->appender().scan_from(), {}};
  if (auto saved = save_checkpoint_mark(core_->files(), core_->options().data_dir, one.position); !saved) {
    return std::unexpected(saved.error());
  }
  return one;
}

Result<std::uint64_t> Writer::erase(std::vector<Erasure> erasures) {
  if (erasures.empty()) return std::uint64_t{0};
  if (erasures.size() > kMaxBatchRecords) {
    return fail(Code::kTooLarge, fmt::format("at most {} receipts can be erased at a time", kMaxBatchRecords));
  }
  const std::scoped_lock lock(core_->maintenance);
  std::vector<Record> records;
  for (auto& erasure : erasures) {
    const bool open =
        core_->appender().open_receipts().with([&](const auto& all) { return all.contains(erasure.receipt); });
    if (open)
      return fail(Code::kConflict, fmt::format("{} is not closed yet; erase it later", receipt_id(erasure.receipt)));
    records.push_back({Kind::kErase, erasure.receipt, erasure.time, std::move(erasure.payload)});
  }
  const auto appended = core_->call(std::move(records));
  if (!appended) return std::unexpected(appended.error());
  Erasures& targets = core_->unfinished;
  for (size_t i = 0; i < erasures.size(); ++i) targets[erasures[i].receipt] = (*appended)[i].position;
  auto count = overwrite_erased(core_->files(), core_->options().data_dir, core_->reader()->end(), targets);
  if (count) targets.clear();
  return count;
}

Result<std::uint64_t> Writer::drop_before(const Position& position) {
  const std::scoped_lock lock(core_->maintenance);
  const auto& checkpoint = core_->checkpoint;
  const auto& data_dir = core_->options().data_dir;
  if (!checkpoint || checkpoint->position.segment < position.segment ||
      checkpoint->scan_from.segment < position.segment) {
    return fail(Code::kConflict,
                fmt::format("segments before {} cannot go: no checkpoint stands for them yet", position.segment));
  }
  const auto numbers = list_segments(core_->files(), data_dir);
  if (!numbers) return std::unexpected(numbers.error());
  std::uint64_t count = 0;
  for (const std::uint64_t number : *numbers) {
    if (number >= position.segment) break; // oldest first: a crash in between leaves no hole
    if (auto done = core_->files().remove(segment_path(data_dir, number)); !done) return std::unexpected(done.error());
    if (auto done = core_->files().sync_folder(journal_folder(data_dir)); !done) return std::unexpected(done.error());
    count += 1;
  }
  return count;
}

std::optional<Position> Writer::oldest_open() const {
  return core_->appender().open_receipts().with([](const auto& open) {
    std::optional<Position> oldest;
    for (const auto& [receipt, position] : open) oldest = std::min(oldest.value_or(position), position);
    return oldest;
  });
}

Result<> Writer::health() const { return core_->health(); }
Stats Writer::stats() const { return core_->stats(); }
std::shared_ptr<const Reader> Writer::reader() const { return core_->reader(); }

} // namespace kairos::journal
