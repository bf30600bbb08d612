#include "ledger/journal_keeper.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "observe/log.h"
#include "observe/threads.h"

namespace kairos::ledger {
namespace {

constexpr std::uint64_t kMostAtOnce = 32; // segments of a turn: the checkpoint before them is of bounded age and work

std::unexpected<Error> stopped() { return fail(Code::kCancelled, "the server is stopping"); }

} // namespace

JournalKeeper::~JournalKeeper() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void JournalKeeper::start(const Pace& pace) {
  thread_ = std::jthread([this, pace](const std::stop_token& stop) { run(stop, pace); });
}

void JournalKeeper::wake() {
  {
    const std::scoped_lock lock(mutex_);
    wake_ = true;
  }
  woken_.notify_all();
}

void JournalKeeper::run(const std::stop_token& stop, const Pace& pace) {
  observe::name_this_thread("kr-keeper");
  observe::give_way_to_requests();
  std::chrono::milliseconds pause = pace.first;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, stop, pause, [this] { return wake_; });
      wake_ = false;
    }
    if (stop.stop_requested()) return;
    const auto done = turn(stop);
    if (!done && done.error().code == Code::kCancelled) return;
    tell(done);
    const bool again = done && done->more;
    const bool held = !done || done->held_back > 0;
    pause = again ? std::chrono::milliseconds(0) : held ? pace.held_back : pace.usual;
  }
}

Result<JournalKeeper::Turn> JournalKeeper::turn(const std::stop_token& stop) {
  const auto keep = parts_.keep();
  if (!keep) return Turn{};
  const WallTime before = parts_.clock.wall_now() - std::chrono::duration_cast<std::chrono::microseconds>(*keep);
  const auto begin = parts_.writer.reader()->begin();
  if (!begin) return std::unexpected(begin.error());
  if (!*begin || (*begin)->time >= before) return Turn{};
  const std::uint64_t first = (*begin)->segment;
  const auto plan = this->plan(**begin, before);
  if (!plan) return std::unexpected(plan.error());
  Turn turn;
  const std::uint64_t free = std::min(plan->old_enough, plan->needed);
  turn.held_back = plan->old_enough - free;
  turn.holders = plan->holders;
  const std::uint64_t most = std::min(free, first + kMostAtOnce);
  const auto boundary = really_old(**begin, most, before, stop);
  if (!boundary) return std::unexpected(boundary.error());
  if (*boundary <= first) return turn;
  if (auto stands = stand_for(*boundary, **begin, stop); !stands) return std::unexpected(stands.error());
  const auto dropped = parts_.writer.drop_before({*boundary, 0});
  if (!dropped) return std::unexpected(dropped.error());
  turn.dropped = *dropped;
  turn.more = *boundary == most && most < free;
  return turn;
}

/// By the headers, which are quickly read: a segment ends before the next one begins. The last segment always stays.
Result<JournalKeeper::Plan> JournalKeeper::plan(const journal::Begin& begin, WallTime before) const {
  const auto reader = parts_.writer.reader();
  Plan plan{begin.segment, UINT64_MAX, {}};
  const std::uint64_t last = reader->end().segment;
  while (plan.old_enough < last) {
    const auto next = reader->begin_of(plan.old_enough + 1);
    if (!next) return std::unexpected(next.error());
    if (next->time >= before) break;
    plan.old_enough += 1;
  }
  auto needs = parts_.needs();
  if (const auto open = parts_.writer.oldest_open()) needs.push_back({"open_receipts", *open});
  for (const JournalNeed& need : needs) {
    const std::uint64_t least = std::max(need.from.segment, begin.segment);
    if (least < plan.old_enough) plan.holders.push_back(need.who);
    plan.needed = std::min(plan.needed, least);
  }
  return plan;
}

/// The first segment before `until` that has a record that is not older than `before`; else `until`. Clocks jump.
Result<std::uint64_t> JournalKeeper::really_old(const journal::Begin& begin, std::uint64_t until, WallTime before,
                                                const std::stop_token& stop) const {
  if (until <= begin.segment) return begin.segment;
  journal::Cursor cursor(parts_.writer.reader(), begin.position());
  cursor.skip_payloads();
  journal::Entry entry;
  while (true) {
    if (stop.stop_requested()) return stopped();
    const auto more = cursor.next(entry);
    if (!more) return std::unexpected(more.error());
    if (!*more || entry.position.segment >= until) return until;
    if (entry.time >= before) return entry.position.segment;
  }
}

/// A checkpoint on the disk stands for all segments before the boundary.
Result<> JournalKeeper::stand_for(std::uint64_t boundary, const journal::Begin& begin, const std::stop_token& stop) {
  const auto reader = parts_.writer.reader();
  auto known = needed_base(parts_.files, parts_.data_dir, reader);
  if (!known) return std::unexpected(known.error());
  JournalBase base;
  if (*known) base = std::move(**known);
  if (base.segment < boundary) { // else a crash has left segments that it stands for already
    base.segment = boundary;
    journal::Cursor cursor(reader, begin.position());
    cursor.skip_open_payloads();
    journal::Entry entry;
    while (true) {
      if (stop.stop_requested()) return stopped();
      const auto more = cursor.next(entry);
      if (!more) return std::unexpected(more.error());
      if (!*more || entry.position.segment >= boundary) break;
      if (auto taken = base.take(entry); !taken) return taken;
    }
  }
  const auto stays = reader->begin_of(boundary);
  if (!stays) return std::unexpected(stays.error());
  if (base.segment == boundary &&
      (base.sequence() + 1 != stays->first_sequence || (base.sequence() > 0 && base.books.hash() != stays->prev_hash)))
    return fail(Code::kCorrupt, fmt::format("segment {} does not go on from sequence {}", boundary, base.sequence()));
  if (auto written = write_base(base); !written) return written;
  const auto there = find_base(parts_.files, parts_.data_dir, reader);
  if (!there) return std::unexpected(there.error());
  if (*there && (*there)->sequence() == base.sequence() && (*there)->books.to_text() == base.books.to_text()) return {};
  return fail(Code::kInternal, "the checkpoint before dropping does not read as it was written");
}

Result<> JournalKeeper::write_base(const JournalBase& base) {
  std::optional<journal::Position> first;
  for (std::string& part : to_checkpoints(base)) {
    const auto written = parts_.writer.checkpoint(parts_.clock.wall_now(), std::move(part));
    if (!written) return std::unexpected(written.error());
    if (!first) first = written->position;
  }
  return save_base_mark(parts_.files, parts_.data_dir, *first);
}

void JournalKeeper::tell(const Result<Turn>& turn) {
  const std::string trouble = turn ? "" : turn.error().message;
  if (std::exchange(trouble_, trouble) != trouble && !turn)
    observe::log_warn("journal", "old segments stay: they cannot be dropped safely", {{"error", trouble}});
  if (!turn) return;
  if (turn->dropped > 0) {
    const auto begin = dropped_until(*parts_.writer.reader());
    observe::log_info("journal", "dropped old segments",
                      {{"segments", turn->dropped},
                       {"begins_at_sequence", begin ? begin->first_sequence : 1},
                       {"begins_at", begin ? to_rfc3339(begin->time) : ""}});
  }
  if (turn->holders != warned_ && turn->held_back > 0) {
    observe::log_warn("journal", "old segments stay, since not everybody has read them",
                      {{"segments", turn->held_back}, {"needed_by", fmt::format("{}", fmt::join(turn->holders, ","))}});
  }
  warned_ = turn->held_back > 0 ? turn->holders : std::vector<std::string>();
  tell_metrics(*turn);
}

void JournalKeeper::tell_metrics(const Turn& turn) {
  observe::Metrics& metrics = parts_.metrics;
  metrics.counter("kairosroute_journal_dropped_segments_total", "Old segments of the journal that were dropped.")
      .add(turn.dropped);
  for (const std::string& who : turn.holders) {
    if (std::ranges::find(told_, who) == told_.end()) told_.push_back(who);
  }
  for (const std::string& who : told_) {
    const bool holds = std::ranges::find(turn.holders, who) != turn.holders.end();
    metrics
        .gauge("kairosroute_journal_held_back_segments",
               "Segments of the journal that are old enough to go, and stay since this one has not read them.",
               {{"by", who}})
        .set(holds ? static_cast<double>(turn.held_back) : 0);
  }
}

} // namespace kairos::ledger
