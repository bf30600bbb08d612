#include "store_grow.h"

#include "store/duckdb/connection.h"
#include "store/duckdb/cubes.h"
#include "store/duckdb/duckdb_store.h"
#include "store_times.h"

namespace kairos::store {
namespace {

constexpr std::uint64_t kPiece = 500'000; // receipts of the old store at once

Deadline no_hurry() { return Deadline(ReadOptions{std::chrono::hours(5), {}}); }

std::int64_t number(Connection& connection, const std::string& sql) {
  return must(connection.run(sql, no_hurry())).integer(0, 0);
}

void run(Connection& connection, const std::string& sql) {
  if (auto done = connection.execute(sql); !done) stop(done.error());
}

void grow_piece(Connection& connection, std::uint64_t after, std::uint64_t times, std::int64_t gap_us) {
  const std::string again =
      fmt::format("(sequence - 1) * {} + k + 1 AS sequence, created + k * {} AS created", times, gap_us);
  const std::string rows =
      fmt::format("range({}) t(k) WHERE sequence > {} AND sequence <= {}", times, after, after + kPiece);
  run(connection, fmt::format("INSERT INTO receipts SELECT * EXCLUDE (k) REPLACE ({}, completed + k * {} AS completed, "
                              "id_low * {} + k AS id_low, trace_low + k AS trace_low, place * {} + k AS place) "
                              "FROM base.receipts, {}",
                              again, gap_us, times, times, rows));
  run(connection,
      fmt::format("INSERT INTO attempts SELECT * EXCLUDE (k) REPLACE ({}) FROM base.attempts, {}", again, rows));
  run(connection, fmt::format("INSERT INTO tags SELECT * EXCLUDE (k) REPLACE ({}) FROM base.tags, {}", again, rows));
}

} // namespace

void grow(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t times) {
  const auto start = Steady::now();
  must(open_duckdb({.file = to})).reset(); // makes the tables
  const std::pair<std::string, std::string> settings[] = {
      {"memory_limit", "2GB"}, {"threads", "2"}, {"preserve_insertion_order", "false"}};
  const auto database = must(Database::open(to.string(), settings));
  Connection connection = must(database->connect());
  run(connection, fmt::format("ATTACH '{}' AS base (READ_ONLY)", from.string()));
  const auto last = static_cast<std::uint64_t>(number(connection, "SELECT max(sequence) FROM base.receipts"));
  const std::int64_t gap_us = number(
      connection, fmt::format("SELECT (max(created) - min(created)) // (count(*) * {}) FROM base.receipts", times));
  for (std::uint64_t after = 0; after < last; after += kPiece) {
    grow_piece(connection, after, times, gap_us);
    fmt::print("{} receipts after {:.0f} s\n", std::min(after + kPiece, last) * times, since(start) / 1000);
    std::fflush(stdout);
  }
  run(connection,
      "INSERT INTO dictionary SELECT * FROM base.dictionary; INSERT INTO facets SELECT * FROM base.facets;");
  run(connection, fmt::format("UPDATE mark SET sequence = {0}, segment = 1, place = {1}, newest = (SELECT "
                              "max(created) FROM receipts)",
                              last * times, last * times * 100 + 100));
}

void roll_up(ReceiptStore& store, ReceiptGenerator more) {
  const auto start = Steady::now();
  std::vector<StoredReceipt> batch(5'000);
  for (size_t cube = 0; cube < kCubes.size(); ++cube) { // each call works on one at least
    for (StoredReceipt& stored : batch) stored = more.next();
    if (auto done = store.append(batch, {1, batch.back().sequence * 100 + 100}); !done) stop(done.error());
    fmt::print("rolled up for {:.0f} s\n", since(start) / 1000);
    std::fflush(stdout);
  }
}

} // namespace kairos::store
