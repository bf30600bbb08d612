// Gatherer: the figures of a question's groups, from roll-ups, raw rows or both, as mergeable parts and sketches,
// within one read session. Percentiles of few receipts, and of questions that no sketch can answer, are exact instead.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "store/duckdb/readings.h"

namespace kairos::store {

using Cells = std::vector<Cell>;

struct Figures {
  std::vector<Int128> sums; // in the order of the gatherer's parts
  std::array<SketchCounts, kDurationCount> sketches;
  Cells exact; // in the order of the gatherer's percentiles; only where they are exact

  void add(const Figures& more);
};
using Groups = std::map<Keys, Figures>;
struct Gathered {
  Groups groups;
  bool exact = false; // has exact percentiles, which cannot be added up
  bool few = false;   // groups, by what can be known before
};

class Gatherer {
public:
  /// `measures`: all that will be asked for. References outlive it.
  Gatherer(ReadSession& session, Readings& readings, const Scope& scope, const Names& names, Grain grain,
           std::vector<Measure> measures, std::int64_t exact_rows);

  /// Whether percentiles of it will be exact.
  Result<bool> exactly(const Query& query, const std::vector<OffsetPiece>& pieces);
  /// Groups of the query's dimensions, with what these measures need; none if the range has no receipts, but for no
  /// dimensions always one. kTooLarge beyond kMaxGroups.
  Result<Gathered> ask(const Query& query, const std::vector<OffsetPiece>& pieces, const std::vector<Measure>& measures,
                       const TopKeys* top);
  /// Nothing counted.
  Figures none() const;
  /// Of the measures, for one group.
  Cells cells(const Figures& figures, const std::vector<Measure>& measures) const;

  /// 0, or kSketchError if a percentile came from a sketch.
  double percentile_error() const { return percentile_error_; }
  /// Receipts created before this may have been dropped, and raw rows from before were asked for; 0: no.
  std::int64_t incomplete_before_us() const { return incomplete_before_us_; }

private:
  Result<> sums(const Question& question, const std::vector<Measure>& measures, Gathered& gathered);
  Result<> percentiles(const Question& question, const std::vector<Measure>& wanted, Gathered& gathered);
  Result<> exact(const Question& question, Groups& groups);
  Result<> sketches(const Question& question, const std::vector<Measure>& wanted, Groups& groups);
  Result<> count_buckets(const Question& question, const Plan& plan, const std::array<bool, kDurationCount>& durations,
                         Groups& groups);
  void add_parts(Figures& figures, const std::vector<Part>& parts, const std::vector<Int128>& sums) const;
  void note_dropped(const Plan& plan);

  ReadSession& session_;
  Readings& readings_;
  const Scope& scope_;
  const Names& names_;
  const Grain grain_;
  const std::int64_t exact_rows_;
  const std::vector<Part> parts_;
  std::vector<Measure> percentiles_;
  double percentile_error_ = 0;
  std::int64_t incomplete_before_us_ = 0;
};

} // namespace kairos::store
