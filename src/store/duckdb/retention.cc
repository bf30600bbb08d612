#include "store/duckdb/retention.h"

#include <fmt/format.h>

#include "store/duckdb/cubes.h"

namespace kairos::store {
namespace {

/// The sequences of the next piece to go: first and last, and how many; nullopt if none is left.
struct Piece {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t count = 0;
};

std::string condition_of(std::int32_t tenant, std::int64_t before_us, std::uint64_t rolled) {
  const std::string whose = tenant < 0 ? "" : fmt::format(" AND tenant = {}", tenant);
  return fmt::format("created < {} AND sequence <= {}{}", before_us, rolled, whose);
}

Result<Piece> next_piece(Connection& connection, const std::string& condition, std::int64_t after,
                         const Deadline& deadline) {
  const auto rows = connection.run(
      fmt::format("SELECT min(sequence), max(sequence), count(*) FROM (SELECT sequence FROM receipts WHERE {} AND "
                  "sequence > {} ORDER BY sequence LIMIT {})",
                  condition, after, kDropPiece),
      deadline);
  if (!rows) return std::unexpected(rows.error());
  return Piece{rows->integer(0, 0), rows->integer(0, 1), rows->integer(0, 2)};
}

Result<> drop_piece(Connection& connection, const std::string& condition, const Piece& piece) {
  const std::string these = fmt::format("sequence >= {} AND sequence <= {}", piece.first, piece.last);
  const std::string dropped = fmt::format("{} AND {}", these, condition);
  return transact(connection, [&] {
    return connection.execute(
        fmt::format("DELETE FROM tags WHERE {0} AND sequence IN (SELECT sequence FROM receipts WHERE {1});"
                    "DELETE FROM attempts WHERE {1}; DELETE FROM receipts WHERE {1};",
                    these, dropped));
  });
}

Result<std::int64_t> number(Connection& connection, const std::string& sql, const Deadline& deadline) {
  const auto rows = connection.run(sql, deadline);
  if (!rows) return std::unexpected(rows.error());
  return rows->size() == 0 ? 0 : rows->integer(0, 0);
}

std::int64_t size_of(const std::filesystem::path& file) {
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(file, missing);
  return missing ? 0 : static_cast<std::int64_t>(bytes);
}

constexpr std::int64_t kBlockBytes = 262'144;

} // namespace

Result<bool> has_older(Connection& connection, std::int32_t tenant, std::int64_t before_us, const Deadline& deadline) {
  const auto rows = connection.run(
      fmt::format("SELECT 1 FROM receipts WHERE {} LIMIT 1", condition_of(tenant, before_us, INT64_MAX)), deadline);
  if (!rows) return std::unexpected(rows.error());
  return rows->size() > 0;
}

Result<std::uint64_t> drop_rows(Connection& connection, std::int32_t tenant, std::int64_t before_us,
                                std::uint64_t rolled, const Deadline& deadline) {
  const std::string condition = condition_of(tenant, before_us, rolled);
  auto piece = next_piece(connection, condition, 0, deadline);
  if (!piece) return std::unexpected(piece.error());
  if (piece->count == 0) return 0;
  if (auto noted = connection.execute(fmt::format("INSERT INTO dropped VALUES ({}, {})", tenant, before_us)); !noted)
    return std::unexpected(noted.error());
  std::uint64_t dropped = 0;
  while (piece && piece->count > 0) {
    if (auto over = deadline.check(); !over) return std::unexpected(over.error());
    if (auto done = drop_piece(connection, condition, *piece); !done) return std::unexpected(done.error());
    dropped += static_cast<std::uint64_t>(piece->count);
    piece = next_piece(connection, condition, piece->last, deadline);
  }
  if (!piece) return std::unexpected(piece.error());
  return dropped;
}

Result<WallTime> read_dropped(Connection& connection, std::int32_t tenant, const Deadline& deadline) {
  const auto before =
      number(connection, fmt::format("SELECT coalesce(max(before), 0) FROM dropped WHERE tenant IN (-1, {})", tenant),
             deadline);
  if (!before) return std::unexpected(before.error());
  return WallTime(std::chrono::microseconds(*before));
}

Result<DiskUse> read_disk_use(Connection& connection, const std::filesystem::path& file, const Deadline& deadline) {
  DiskUse use;
  use.file_bytes = size_of(file);
  use.log_bytes = size_of(file.string() + ".wal");
  const auto free = number(connection, "SELECT free_blocks FROM pragma_database_size()", deadline);
  if (!free) return std::unexpected(free.error());
  use.free_bytes = *free * kBlockBytes;
  std::vector<std::string> tables = {"receipts", "attempts", "tags", "dictionary", "facets"};
  for (const Cube& cube : kCubes) tables.emplace_back(cube.table);
  for (const std::string& table : tables) {
    const auto rows = number(connection, fmt::format("SELECT count(*) FROM {}", table), deadline);
    if (!rows) return std::unexpected(rows.error());
    const auto blocks =
        number(connection,
               fmt::format("SELECT count(DISTINCT block_id) FROM pragma_storage_info('{}') WHERE persistent", table),
               deadline);
    if (!blocks) return std::unexpected(blocks.error());
    use.tables.push_back({table, *rows, *blocks * kBlockBytes});
  }
  return use;
}

} // namespace kairos::store
