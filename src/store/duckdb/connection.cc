#include "store/duckdb/connection.h"

#include <fmt/format.h>

#include <thread>

#include "observe/threads.h"

namespace kairos::store {
namespace {

/// Destroys what the C API hands out.
template <class T, void (*destroy)(T*)>
struct Owned {
  T value{};
  Owned() = default;
  ~Owned() { destroy(&value); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
};
using Statement = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using Pending = Owned<duckdb_pending_result, duckdb_destroy_pending>;
using ResultSet = Owned<duckdb_result, duckdb_destroy_result>;
using ResultChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;

std::unexpected<Error> query_failed(const char* what) {
  return fail(Code::kInternal,
              fmt::format("the receipt store refused a query: {}", what != nullptr ? what : "no reason given"));
}

template <class T>
Int128 element(const void* data, size_t row) {
  return Int128{static_cast<const T*>(data)[row]};
}

std::optional<Int128> integer_at(duckdb_type type, const void* data, size_t row) {
  switch (type) {
  case DUCKDB_TYPE_BOOLEAN:
    return element<bool>(data, row);
  case DUCKDB_TYPE_TINYINT:
    return element<std::int8_t>(data, row);
  case DUCKDB_TYPE_SMALLINT:
    return element<std::int16_t>(data, row);
  case DUCKDB_TYPE_INTEGER:
    return element<std::int32_t>(data, row);
  case DUCKDB_TYPE_BIGINT:
    return element<std::int64_t>(data, row);
  case DUCKDB_TYPE_HUGEINT: {
    const auto& huge = static_cast<const duckdb_hugeint*>(data)[row];
    return static_cast<Int128>((static_cast<unsigned __int128>(static_cast<std::uint64_t>(huge.upper)) << 64U) |
                               huge.lower);
  }
  default:
    return std::nullopt;
  }
}

std::string blob_at(const void* data, size_t row) {
  auto* text = const_cast<duckdb_string_t*>(static_cast<const duckdb_string_t*>(data)) + row;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

void read_column(duckdb_data_chunk chunk, size_t column, size_t first_row, Rows& into) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
  Owned<duckdb_logical_type, duckdb_destroy_logical_type> logical;
  logical.value = duckdb_vector_get_column_type(vector);
  const duckdb_type type = duckdb_get_type_id(logical.value);
  const void* data = duckdb_vector_get_data(vector);
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  const size_t rows = duckdb_data_chunk_get_size(chunk);
  if (type == DUCKDB_TYPE_BLOB) into.texts.resize(first_row + rows);
  for (size_t row = 0; row < rows; ++row) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) continue;
    if (type == DUCKDB_TYPE_BLOB) {
      into.texts[first_row + row] = blob_at(data, row);
    } else {
      into.cells[(first_row + row) * into.columns + column] = integer_at(type, data, row);
    }
  }
}

Rows read_all(duckdb_result& result) {
  Rows rows;
  rows.columns = duckdb_column_count(&result);
  while (true) {
    ResultChunk chunk;
    chunk.value = duckdb_fetch_chunk(result);
    if (chunk.value == nullptr) return rows;
    const size_t first_row = rows.size();
    rows.cells.resize(rows.cells.size() + duckdb_data_chunk_get_size(chunk.value) * rows.columns);
    for (size_t column = 0; column < rows.columns; ++column) read_column(chunk.value, column, first_row, rows);
  }
}

/// Runs the tasks of a query in small steps, so that a deadline or a cancellation is heard between them.
Result<> work_off(duckdb_connection connection, duckdb_pending_result pending, const Deadline& deadline) {
  while (true) {
    const duckdb_pending_state state = duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_ERROR) return query_failed(duckdb_pending_error(pending));
    if (duckdb_pending_execution_is_finished(state)) return {};
    if (auto over = deadline.check(); !over) {
      duckdb_interrupt(connection);
      return over;
    }
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

} // namespace

std::string sql_value(std::int64_t value) {
  if (value == INT64_MIN) return "(-9223372036854775807 - 1)"; // its digits alone are no 64-bit number
  return value < 0 ? fmt::format("({})", value) : fmt::format("{}", value);
}

std::string sql_list(std::span<const std::int64_t> values) {
  if (values.empty()) return "(NULL)";
  std::string list = "(";
  for (const std::int64_t value : values) list += (list.size() > 1 ? ", " : "") + sql_value(value);
  return list + ")";
}

Result<> Deadline::check() const {
  if (cancel_.stop_requested()) return fail(Code::kCancelled, "the query was cancelled");
  if (left().count() <= 0) return fail(Code::kTimeout, "the query took too long; narrow its time range or its filters");
  return {};
}

Connection::~Connection() {
  if (handle_ != nullptr) duckdb_disconnect(&handle_);
}

Result<> Connection::execute(const std::string& sql) {
  ResultSet result;
  if (duckdb_query(handle_, sql.c_str(), &result.value) == DuckDBSuccess) return {};
  return query_failed(duckdb_result_error(&result.value));
}

Result<Rows> Connection::run(const std::string& sql, const Deadline& deadline) {
  Statement statement;
  if (duckdb_prepare(handle_, sql.c_str(), &statement.value) != DuckDBSuccess) {
    return query_failed(duckdb_prepare_error(statement.value));
  }
  Pending pending;
  if (duckdb_pending_prepared(statement.value, &pending.value) != DuckDBSuccess) {
    return query_failed(duckdb_pending_error(pending.value));
  }
  if (auto done = work_off(handle_, pending.value, deadline); !done) return std::unexpected(done.error());
  ResultSet result;
  if (duckdb_execute_pending(pending.value, &result.value) != DuckDBSuccess) {
    return query_failed(duckdb_result_error(&result.value));
  }
  return read_all(result.value);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& file,
                                                 std::span<const std::pair<std::string, std::string>> settings) {
  Owned<duckdb_config, duckdb_destroy_config> config;
  if (duckdb_create_config(&config.value) != DuckDBSuccess)
    return fail(Code::kInternal, "DuckDB gave no configuration");
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config.value, name.c_str(), value.c_str()) != DuckDBSuccess) {
      return fail(Code::kInternal, fmt::format("DuckDB does not take the setting {}={}", name, value));
    }
  }
  duckdb_database handle = nullptr;
  char* reason = nullptr;
  duckdb_state opened = DuckDBError;
  std::thread opener([&] { // DuckDB's own threads take their priority from the thread that opens
    observe::give_way_to_requests();
    opened = duckdb_open_ext(file.c_str(), &handle, config.value, &reason);
  });
  opener.join();
  if (opened == DuckDBSuccess) return std::unique_ptr<Database>(new Database(handle));
  const std::string why = reason != nullptr ? reason : "no reason given";
  duckdb_free(reason);
  const bool locked = why.find("lock on file") != std::string::npos;
  return fail(locked ? Code::kConflict : Code::kCorrupt, why);
}

Database::~Database() { duckdb_close(&handle_); }

Result<Connection> Database::connect() {
  duckdb_connection handle = nullptr;
  if (duckdb_connect(handle_, &handle) != DuckDBSuccess) return fail(Code::kInternal, "DuckDB gave no connection");
  return Connection(handle);
}

} // namespace kairos::store
