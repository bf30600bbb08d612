#include "store/duckdb/cube_keeper.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::store {
namespace {

constexpr std::uint64_t kMostAtOnce = 500'000;
constexpr std::int64_t kLateUs = 2 * kDayUs; // rows of receipts older than this are left unpacked

Deadline no_hurry() { return Deadline(ReadOptions{std::chrono::minutes(10), {}}); }

std::string behind(std::uint64_t rolled, std::uint64_t last) {
  return fmt::format("sequence > {} AND sequence <= {}", rolled, last);
}

} // namespace

std::string CubeKeeper::state_sql(size_t cube, const State& state) {
  return fmt::format("UPDATE cubes SET rolled = {}, loose = {}, loose_from = {} WHERE cube = {};", state.rolled,
                     state.loose, state.loose_from, cube);
}

Result<> CubeKeeper::restore(Connection& connection) {
  const auto rows = connection.run("SELECT cube, rolled, loose, loose_from FROM cubes", no_hurry());
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() != kCubes.size()) return fail(Code::kCorrupt, "its table of roll-ups is damaged");
  for (size_t row = 0; row < rows->size(); ++row) {
    const auto cube = static_cast<size_t>(rows->integer(row, 0));
    if (cube >= kCubes.size()) return fail(Code::kCorrupt, "its table of roll-ups names one that does not exist");
    states_[cube] = {static_cast<std::uint64_t>(rows->integer(row, 1)), rows->integer(row, 2), rows->integer(row, 3)};
  }
  return {};
}

Result<> CubeKeeper::catch_up(Connection& connection, std::uint64_t last, const Lag& lag,
                              std::chrono::milliseconds slice) {
  const auto end = std::chrono::steady_clock::now() + slice;
  for (size_t i = 0; i < kCubes.size(); ++i) {
    if (i > 0 && std::chrono::steady_clock::now() >= end) return {};
    const size_t cube = next_;
    next_ = (next_ + 1) % kCubes.size();
    if (last < states_[cube].rolled + (kCubes[cube].large ? lag.large : lag.small)) continue;
    if (auto done = advance_all(connection, cube, last); !done) return done;
    if (states_[cube].loose < most_loose_ * (kCubes[cube].large ? 5 : 1)) continue;
    if (auto done = pack(connection, cube); !done) return done;
  }
  return {};
}

/// Where a sum does not fit its column, fewer receipts are added up at once; those of one receipt always fit.
Result<> CubeKeeper::advance_all(Connection& connection, size_t cube, std::uint64_t last) {
  while (states_[cube].rolled < last) {
    std::uint64_t upto = std::min(last, states_[cube].rolled + kMostAtOnce);
    auto done = advance(connection, cube, upto);
    while (!done && upto > states_[cube].rolled + 1) {
      upto = states_[cube].rolled + (upto - states_[cube].rolled) / 2;
      done = advance(connection, cube, upto);
    }
    if (!done) return done;
  }
  return {};
}

Result<> CubeKeeper::advance(Connection& connection, size_t index, std::uint64_t last) {
  const Cube& cube = kCubes[index];
  State state = states_[index];
  const std::string condition = behind(state.rolled, last);
  const auto span = connection.run(
      fmt::format("SELECT min(created), max(created) FROM {} WHERE {}", raw_table(cube.grain), condition), no_hurry());
  if (!span) return std::unexpected(span.error());
  state.rolled = last;
  if (span->at(0, 0)) {
    const std::int64_t first = std::max(span->integer(0, 0), span->integer(0, 1) - kLateUs);
    state.loose_from = std::min(state.loose_from, first / cube.unit_us * cube.unit_us);
  }
  auto done = transact(connection, [&]() -> Result<> {
    const auto added = connection.run(increment_sql(cube, condition, false), no_hurry());
    if (!added) return std::unexpected(added.error());
    state.loose += added->integer(0, 0); // an INSERT answers how many rows it made
    return connection.execute(state_sql(index, state));
  });
  if (done) states_[index] = state;
  return done;
}

Result<> CubeKeeper::pack(Connection& connection, size_t index) {
  State state = states_[index];
  const std::string sql = pack_sql(kCubes[index], state.loose_from);
  state.loose = 0;
  state.loose_from = INT64_MAX;
  auto done = transact(connection, [&] { return connection.execute(sql + state_sql(index, state)); });
  if (!done) done = connection.execute(state_sql(index, state)); // a packed sum does not fit: they stay apart
  if (done) states_[index] = state;
  return done;
}

std::uint64_t CubeKeeper::rolled() const { return std::ranges::min(states_, {}, &State::rolled).rolled; }

Result<> CubeKeeper::change(Connection& connection, std::uint64_t sequence, bool take_away) {
  for (size_t i = 0; i < kCubes.size(); ++i) {
    if (sequence > states_[i].rolled) continue;
    const std::string sql = increment_sql(kCubes[i], fmt::format("sequence = {}", sequence), take_away);
    if (sql.empty()) continue;
    if (auto done = connection.execute(sql); !done) return done;
  }
  return {};
}

} // namespace kairos::store
