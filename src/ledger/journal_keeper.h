// JournalKeeper: drops old segments of the journal, every ten minutes, on a thread of its own: those all of whose
// records are older than the configured time and that nobody needs any more. Before the first one goes, a CHECKPOINT
// stands with all that is needed to count on without them (journal_base.h), read back from the disk. In doubt a segment
// stays, and it is said why: who holds the journal back (a projection that is behind, a destination that is down) is in
// a warning and in the metric kairosroute_journal_held_back_segments.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "journal/reader.h"
#include "journal/writer.h"
#include "ledger/journal_base.h"
#include "observe/metrics.h"

namespace kairos::ledger {

/// Somebody who follows the journal, and the oldest place that it may still read.
struct JournalNeed {
  std::string who; // for people and metrics: "store", "otlp_jaeger"
  journal::Position from;
};

class JournalKeeper {
public:
  /// All outlives the keeper.
  struct Parts {
    journal::FileSystem& files;
    std::string data_dir;
    journal::Writer& writer;
    const Clock& clock;
    observe::Metrics& metrics;
    std::function<std::optional<Duration>()> keep; // nullopt: everything. Asked at each turn
    std::function<std::vector<JournalNeed>()> needs;
  };
  struct Pace {
    std::chrono::milliseconds first = std::chrono::seconds(2); // others catch up with the journal meanwhile
    std::chrono::milliseconds usual = std::chrono::minutes(10);
    std::chrono::milliseconds held_back = std::chrono::minutes(1);
  };
  struct Turn {
    std::uint64_t dropped = 0;        // segments
    std::uint64_t held_back = 0;      // segments that are old enough and are needed
    std::vector<std::string> holders; // by whom
    bool more = false;                // there is more to do at once
  };

  /// Does nothing until start().
  explicit JournalKeeper(Parts parts) : parts_(std::move(parts)) {}
  /// Ends at the next record or segment; what was begun is done at the next start.
  ~JournalKeeper();
  JournalKeeper(const JournalKeeper&) = delete;
  JournalKeeper& operator=(const JournalKeeper&) = delete;

  void start(const Pace& pace);
  void start() { start(Pace{}); }
  /// Looks now: the configuration has changed. Any thread.
  void wake();
  /// One look at everything, as the thread does it. One thread at a time. kCancelled: stopped.
  Result<Turn> turn(const std::stop_token& stop = {});

private:
  struct Plan {
    std::uint64_t old_enough = 0; // segments before this one are, by the headers
    std::uint64_t needed = 0;     // nobody needs those before this one
    std::vector<std::string> holders;
  };

  void run(const std::stop_token& stop, const Pace& pace);
  Result<Plan> plan(const journal::Begin& begin, WallTime before) const;
  Result<std::uint64_t> really_old(const journal::Begin& begin, std::uint64_t until, WallTime before,
                                   const std::stop_token& stop) const;
  Result<> stand_for(std::uint64_t boundary, const journal::Begin& begin, const std::stop_token& stop);
  Result<> write_base(const JournalBase& base);
  void tell(const Result<Turn>& turn);
  void tell_metrics(const Turn& turn);

  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool wake_ = false;
  std::vector<std::string> told_; // holders that metrics were made for
  std::vector<std::string> warned_;
  std::string trouble_; // told last
  std::jthread thread_; // last
};

} // namespace kairos::ledger
