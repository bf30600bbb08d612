// CubeKeeper: the loader's side of the roll-ups. Brings one cube after the other up to date with the raw rows, in small
// transactions of its own between two batches, so that loading is never held up for long; packs rows of equal keys
// together; and changes what was rolled up already when a receipt is corrected or erased. One thread: the loader's.
#pragma once

#include <array>
#include <chrono>

#include "store/duckdb/connection.h"
#include "store/duckdb/cubes.h"

namespace kairos::store {

class CubeKeeper {
public:
  /// `loose`: rows that are added to a cube before it is packed.
  explicit CubeKeeper(std::int64_t loose) : most_loose_(loose) {}

  /// Reads how far the cubes are.
  Result<> restore(Connection& connection);
  /// How far behind `last` a cube may be, in receipts.
  struct Lag {
    std::uint64_t small = 1;
    std::uint64_t large = 1; // of large cubes
  };
  /// Works on cubes that are so far behind `last`, one after the other; begins none after the slice, but one.
  Result<> catch_up(Connection& connection, std::uint64_t last, const Lag& lag, std::chrono::milliseconds slice);
  /// All cubes have the receipts up to this sequence.
  std::uint64_t rolled() const;
  /// Inside the caller's transaction: takes the receipt of this sequence out of the cubes that have it, or puts it in.
  Result<> change(Connection& connection, std::uint64_t sequence, bool take_away);

private:
  struct State {
    std::uint64_t rolled = 0;
    std::int64_t loose = 0;              // rows since the last packing
    std::int64_t loose_from = INT64_MAX; // first unit they are in
  };
  Result<> advance_all(Connection& connection, size_t cube, std::uint64_t last);
  Result<> advance(Connection& connection, size_t cube, std::uint64_t last);
  Result<> pack(Connection& connection, size_t cube);
  static std::string state_sql(size_t cube, const State& state);

  const std::int64_t most_loose_;
  std::array<State, kCubes.size()> states_{};
  size_t next_ = 0; // cube whose turn it is
};

} // namespace kairos::store
