#include "store/duckdb/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/hex.h"

namespace kairos::store {
namespace {

std::string_view type_name(duckdb_type type) {
  switch (type) {
  case DUCKDB_TYPE_TINYINT:
    return "TINYINT";
  case DUCKDB_TYPE_SMALLINT:
    return "SMALLINT";
  case DUCKDB_TYPE_INTEGER:
    return "INTEGER";
  default:
    return "BIGINT";
  }
}

std::string create_table(std::string_view table, std::span<const ColumnSpec> columns) {
  std::string list;
  for (const ColumnSpec& column : columns)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", column.name, type_name(column.type));
  return fmt::format("CREATE TABLE {} ({});", table, list);
}

template <class Narrow>
void store_as(void* data, size_t row, std::int64_t value) {
  constexpr std::int64_t kLow = std::numeric_limits<Narrow>::min(); // NOLINT(bugprone-signed-char-misuse): a number
  constexpr std::int64_t kHigh = std::numeric_limits<Narrow>::max();
  static_cast<Narrow*>(data)[row] = static_cast<Narrow>(std::clamp(value, kLow, kHigh));
}

void store_value(duckdb_type type, void* data, size_t row, std::int64_t value) {
  switch (type) {
  case DUCKDB_TYPE_TINYINT:
    return store_as<std::int8_t>(data, row, value);
  case DUCKDB_TYPE_SMALLINT:
    return store_as<std::int16_t>(data, row, value);
  case DUCKDB_TYPE_INTEGER:
    return store_as<std::int32_t>(data, row, value);
  default:
    return store_as<std::int64_t>(data, row, value);
  }
}

/// Owns an appender; finish() says whether all of it arrived.
class Appender {
public:
  static Result<Appender> open(Connection& connection, const char* table) {
    Appender appender;
    if (duckdb_appender_create(connection.handle(), nullptr, table, &appender.handle_) != DuckDBSuccess)
      return appender.failed();
    return appender;
  }
  ~Appender() { duckdb_appender_destroy(&handle_); }
  Appender(Appender&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Appender& operator=(Appender&&) = delete;

  duckdb_appender handle() const { return handle_; }
  Result<> finish() {
    if (duckdb_appender_close(handle_) != DuckDBSuccess) return failed();
    return {};
  }
  std::unexpected<Error> failed() const {
    const char* why = duckdb_appender_error(handle_);
    return fail(Code::kIo,
                fmt::format("loading receipts into the store: {}", why != nullptr ? why : "no reason given"));
  }

private:
  Appender() = default;
  duckdb_appender handle_ = nullptr;
};

/// A chunk of a table's types, refilled for each couple of thousand rows.
class RowChunk {
public:
  explicit RowChunk(std::span<const ColumnSpec> columns) : columns_(columns) {
    std::vector<duckdb_logical_type> types;
    for (const ColumnSpec& column : columns) types.push_back(duckdb_create_logical_type(column.type));
    chunk_ = duckdb_create_data_chunk(types.data(), types.size());
    for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  }
  ~RowChunk() { duckdb_destroy_data_chunk(&chunk_); }
  RowChunk(const RowChunk&) = delete;
  RowChunk& operator=(const RowChunk&) = delete;

  template <class Row>
  duckdb_data_chunk fill(std::span<const Row> rows) {
    duckdb_data_chunk_reset(chunk_);
    duckdb_data_chunk_set_size(chunk_, rows.size());
    for (size_t c = 0; c < columns_.size(); ++c) {
      duckdb_vector vector = duckdb_data_chunk_get_vector(chunk_, c);
      void* data = duckdb_vector_get_data(vector);
      for (size_t row = 0; row < rows.size(); ++row) {
        const std::int64_t value = rows[row].values[c];
        if (value != kNull) {
          store_value(columns_[c].type, data, row, value);
        } else {
          duckdb_vector_ensure_validity_writable(vector);
          duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
        }
      }
    }
    return chunk_;
  }

private:
  std::span<const ColumnSpec> columns_;
  duckdb_data_chunk chunk_ = nullptr;
};

template <class Row>
Result<> append_rows(Connection& connection, const char* table, std::span<const ColumnSpec> columns,
                     std::span<const Row> rows) {
  if (rows.empty()) return {};
  auto appender = Appender::open(connection, table);
  if (!appender) return std::unexpected(appender.error());
  RowChunk chunk(columns);
  while (!rows.empty()) {
    const auto part = rows.first(std::min<size_t>(rows.size(), duckdb_vector_size()));
    if (duckdb_append_data_chunk(appender->handle(), chunk.fill(part)) != DuckDBSuccess) return appender->failed();
    rows = rows.subspan(part.size());
  }
  return appender->finish();
}

Result<> append_names(Connection& connection, const std::vector<NewName>& names) {
  if (names.empty()) return {};
  auto appender = Appender::open(connection, "dictionary");
  if (!appender) return std::unexpected(appender.error());
  for (const NewName& name : names) {
    duckdb_append_int8(appender->handle(), static_cast<std::int8_t>(name.kind));
    duckdb_append_int32(appender->handle(), name.id);
    duckdb_append_blob(appender->handle(), name.text.data(), name.text.size());
    if (duckdb_appender_end_row(appender->handle()) != DuckDBSuccess) return appender->failed();
  }
  return appender->finish();
}

Result<> append_facets(Connection& connection, const std::vector<NewFacet>& facets) {
  std::vector<FacetRow> rows(facets.size());
  for (size_t i = 0; i < facets.size(); ++i) {
    rows[i].set(F::kTenant, std::int64_t{facets[i].tenant});
    rows[i].set(F::kKind, static_cast<std::int64_t>(facets[i].kind));
    rows[i].set(F::kId, std::int64_t{facets[i].id});
  }
  return append_rows<FacetRow>(connection, "facets", kFacetColumns, rows);
}

Result<> append_all(Connection& connection, const RowBatch& batch, const Names& names, const LoadMark& mark) {
  if (auto done = append_names(connection, names.pending_names()); !done) return done;
  if (auto done = append_facets(connection, names.pending_facets()); !done) return done;
  if (auto done = append_rows<HotRow>(connection, "receipts", kReceiptColumns, batch.receipts); !done) return done;
  if (auto done = append_rows<AttemptRow>(connection, "attempts", kAttemptColumns, batch.attempts); !done) return done;
  if (auto done = append_rows<TagRow>(connection, "tags", kTagColumns, batch.tags); !done) return done;
  std::int64_t newest = 0;
  for (const HotRow& row : batch.receipts) newest = std::max(newest, row[R::kCreated]);
  return connection.execute(
      fmt::format("UPDATE mark SET sequence = {}, segment = {}, place = {}, newest = greatest(newest, {})",
                  static_cast<std::int64_t>(mark.sequence), static_cast<std::int64_t>(mark.next.segment),
                  static_cast<std::int64_t>(mark.next.offset), newest));
}

Result<Rows> read(Connection& connection, const char* text) {
  return connection.run(text, Deadline(ReadOptions{std::chrono::minutes(10), {}}));
}

Result<> delete_rows(Connection& connection, std::int64_t sequence) {
  std::string sql;
  for (const char* table : {"receipts", "attempts", "tags"})
    sql += fmt::format("DELETE FROM {} WHERE sequence = {};", table, sequence);
  return connection.execute(sql);
}

Result<FileState> make_tables(Connection& connection) {
  FileState state;
  state.version = kSchemaVersion;
  state.cursor_key = random_cursor_key();
  const std::string sql =
      "BEGIN TRANSACTION;" + create_table("receipts", kReceiptColumns) + create_table("attempts", kAttemptColumns) +
      create_table("tags", kTagColumns) + create_table("facets", kFacetColumns) + create_cubes_sql() +
      fmt::format("CREATE TABLE dictionary (kind TINYINT, id INTEGER, text BLOB);"
                  "CREATE TABLE mark (sequence BIGINT, segment BIGINT, place BIGINT, newest BIGINT);"
                  "INSERT INTO mark VALUES (0, 0, 0, 0); CREATE TABLE dropped (tenant INTEGER, before BIGINT);"
                  "CREATE TABLE kairosroute_meta (version INTEGER, cursor_key BLOB);"
                  "INSERT INTO kairosroute_meta VALUES ({}, from_hex('{}')); COMMIT;",
                  kSchemaVersion, to_hex(state.cursor_key));
  if (auto made = connection.execute(sql); !made) return std::unexpected(made.error());
  return state;
}

Result<> read_names(Connection& connection, Names& names) {
  const auto rows = read(connection, "SELECT kind, id, text FROM dictionary ORDER BY kind, id");
  if (!rows) return std::unexpected(rows.error());
  for (size_t row = 0; row < rows->size(); ++row) {
    const std::int64_t kind = rows->integer(row, 0);
    if (kind < 0 || kind >= static_cast<std::int64_t>(kKindCount))
      return fail(Code::kCorrupt, "an unknown kind in its dictionary");
    names.restore(static_cast<Kind>(kind), static_cast<std::int32_t>(rows->integer(row, 1)), rows->texts[row]);
  }
  const auto facets = read(connection, "SELECT tenant, kind, id FROM facets");
  if (!facets) return std::unexpected(facets.error());
  for (size_t row = 0; row < facets->size(); ++row) {
    names.restore_facet(static_cast<std::int32_t>(facets->integer(row, 0)), static_cast<Kind>(facets->integer(row, 1)),
                        static_cast<std::int32_t>(facets->integer(row, 2)));
  }
  return {};
}

} // namespace

Result<FileState> prepare_file(Connection& connection, Names& names) {
  const auto tables = read(
      connection, "SELECT count(*), coalesce(sum((table_name = 'kairosroute_meta')::INTEGER), 0) FROM duckdb_tables()");
  if (!tables) return std::unexpected(tables.error());
  if (tables->integer(0, 0) == 0) return make_tables(connection);
  if (tables->integer(0, 1) != 1) return fail(Code::kCorrupt, "it is a DuckDB file, but not one of KairosRoute's");
  const auto meta = read(connection, "SELECT version, cursor_key FROM kairosroute_meta");
  if (!meta || meta->size() != 1) return fail(Code::kCorrupt, "its meta table cannot be read");
  FileState state;
  state.version = static_cast<int>(meta->integer(0, 0));
  if (state.version != kSchemaVersion) {
    return fail(Code::kCorrupt, fmt::format("its tables are version {}, this program writes version {}", state.version,
                                            kSchemaVersion));
  }
  if (meta->texts[0].size() != state.cursor_key.size()) return fail(Code::kCorrupt, "its meta table is damaged");
  std::copy(meta->texts[0].begin(), meta->texts[0].end(), state.cursor_key.begin());
  const auto mark = read(connection, "SELECT sequence, segment, place FROM mark");
  if (!mark || mark->size() != 1) return fail(Code::kCorrupt, "its mark cannot be read");
  state.mark.sequence = static_cast<std::uint64_t>(mark->integer(0, 0));
  state.mark.next = {static_cast<std::uint64_t>(mark->integer(0, 1)), static_cast<std::uint64_t>(mark->integer(0, 2))};
  if (auto known = read_names(connection, names); !known) return std::unexpected(known.error());
  return state;
}

Result<> write_batch(Connection& connection, const RowBatch& batch, const Names& names, const LoadMark& mark) {
  return transact(connection, [&] { return append_all(connection, batch, names, mark); });
}

Result<> write_change(Connection& connection, CubeKeeper& cubes, const IdHalves& id, RowBatch rows,
                      const JournalPlace& place, Names& names, const LoadMark& mark) {
  return transact(connection, [&]() -> Result<> {
    const auto old =
        read(connection, fmt::format("SELECT sequence, segment, place FROM receipts WHERE id_high = {} AND id_low = {}",
                                     id.high, id.low)
                             .c_str());
    if (!old) return std::unexpected(old.error());
    if (old->size() == 0) return append_all(connection, {}, names, mark);
    const std::int64_t sequence = old->integer(0, 0);
    if (auto done = cubes.change(connection, static_cast<std::uint64_t>(sequence), true); !done) return done;
    if (auto done = delete_rows(connection, sequence); !done) return done;
    for (HotRow& row : rows.receipts) {
      row.set(R::kSequence, sequence);
      row.set(R::kSegment, old->integer(0, 1));
      row.set(R::kPlace, old->integer(0, 2));
      row.set(R::kCorrectionSegment, static_cast<std::int64_t>(place.segment));
      row.set(R::kCorrectionPlace, static_cast<std::int64_t>(place.offset));
    }
    for (AttemptRow& row : rows.attempts) row.set(A::kSequence, sequence);
    for (TagRow& row : rows.tags) row.set(T::kSequence, sequence);
    if (auto done = append_all(connection, rows, names, mark); !done) return done;
    return cubes.change(connection, static_cast<std::uint64_t>(sequence), false);
  });
}

} // namespace kairos::store
