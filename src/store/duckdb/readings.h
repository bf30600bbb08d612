// Readings: what one state of the store is asked for, read once. Questions say ahead which groups they will need; those
// that one roll-up, or one pass over the raw rows, can answer together become one statement, grouped by the union of
// their dimensions where that makes few groups, and each question adds up its own groups from it. Within one read
// session; not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/duckdb/sql_builder.h"
#include "store/sketch.h"

namespace kairos::store {

using Keys = std::vector<std::int64_t>;

class Readings {
public:
  /// References outlive it.
  Readings(ReadSession& session, const Scope& scope, const Names& names)
      : session_(session), scope_(scope), names_(names) {}

  /// Before all else: reads how far the roll-ups are.
  Result<> begin();
  const Progress& progress() const { return progress_; }

  /// Whether sums() or sketches() are for this question: a roll-up can answer it, or it makes few groups.
  bool takes(const Question& question, bool sketch) const;
  /// Groups by this query's dimensions will be asked for. What is not taken is not noted.
  void expect(const Query& query, Grain grain, const std::vector<OffsetPiece>& pieces,
              const std::vector<Measure>& measures);
  /// Sums in the order of `parts` for each key of the question's dimensions. kTooLarge beyond kMaxGroups. Not with
  /// `top`.
  using Sums = std::map<Keys, std::vector<Int128>>;
  Result<Sums> sums(const Question& question, const std::vector<Part>& parts);
  /// Counts for each key; kTooLarge beyond kMaxSketchRows.
  using Sketches = std::map<Keys, std::array<SketchCounts, kDurationCount>>;
  Result<Sketches> sketches(const Question& question, const std::array<bool, kDurationCount>& durations);
  /// Receipts, of anybody, in the hours that the range touches.
  Result<std::int64_t> receipts_in(const TimeRange& range);

private:
  struct Wish {
    std::string base; // all but dimensions and interval: equal ones may be read together
    Grain grain = Grain::kReceipt;
    bool sketch = false;
    Query query; // its dimensions are what is grouped by
    std::vector<OffsetPiece> pieces;
    std::vector<Part> parts;
    std::array<bool, kDurationCount> durations{};
    const Cube* cube = nullptr;
  };
  struct Count {
    size_t group = 0;
    size_t duration = 0;
    std::int32_t bucket = 0;
    std::int64_t n = 0;
  };
  struct Reading {
    Wish wish;
    enum class State : std::uint8_t { kWaiting, kDone, kTooLarge } state = State::kWaiting;
    std::vector<Keys> keys; // may repeat: each source adds its own
    std::vector<std::vector<Int128>> sums;
    std::vector<Count> counts;
  };

  Plan plan_for(const Wish& wish) const;
  void note(Wish wish);
  void arrange();
  bool take_in(Reading& reading, const Wish& wish) const;
  bool fits_together(const Wish& both, const Reading& reading, const Wish& wish) const;
  double groups_of(const Query& query) const;
  Wish wish_of(const Question& question, bool sketch) const;
  /// Until the next call: what others read may be let go.
  Result<const Reading*> read(const Wish& wish);
  Result<> run(Reading& reading);
  void make_room();
  Result<> run_sums(Reading& reading);
  Result<> run_sketches(Reading& reading);

  ReadSession& session_;
  const Scope& scope_;
  const Names& names_;
  Progress progress_;
  std::vector<Wish> expected_; // not arranged yet; largest roll-ups and most dimensions first
  std::vector<std::unique_ptr<Reading>> readings_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> receipts_;
};

} // namespace kairos::store
